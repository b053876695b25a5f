#include <stdlib.h>

#include "replay/book_parts.h"

enum { UNCONFIRMED_TRIES = 3 };

int64_t book_finding_of(const struct book *b, uint64_t raw)
{
	struct raw *r;
	HASH_FIND (hh, b->raws, &raw, sizeof(raw), r)
		;
	if (r == NULL || (r->finding == 0 && r->tried < UNCONFIRMED_TRIES))
		return -1;
	return r->finding;
}

size_t book_signatures(const struct book *b, uint64_t *out, size_t max)
{
	size_t n = 0;
	for (size_t i = b->n_findings; i-- > 0 && n < max;)
		if (b->findings[i].t.confirmed > 0)
			out[n++] = b->findings[i].t.signature;
	return n;
}

void book_seen(struct book *b, int64_t finding)
{
	if (finding <= 0 || (size_t)finding > b->n_findings)
		return;
	b->findings[finding - 1].times++;
	b->findings[finding - 1].dirty = true;
}

static int64_t find_signature(const struct book *b, uint64_t signature, bool confirmed)
{
	for (size_t i = 0; i < b->n_findings; i++)
		if (b->findings[i].t.signature == signature &&
		    (b->findings[i].t.confirmed > 0) == confirmed)
			return (int64_t)i + 1;
	return 0;
}

struct finding *book_new_finding(struct book *b)
{
	if (b->n_findings == b->cap_findings) {
		size_t cap = b->cap_findings == 0 ? 16 : b->cap_findings * 2;
		struct finding *v = reallocarray(b->findings, cap, sizeof(*v));
		if (v == NULL)
			return NULL;
		b->findings = v;
		b->cap_findings = cap;
	}
	memset(&b->findings[b->n_findings], 0, sizeof(b->findings[0]));
	return &b->findings[b->n_findings++];
}

mdl_err book_put(struct book *b, const struct triaged *t, int64_t ms, bool *is_new)
{
	struct raw *r = book_raw_of(b, t->raw);
	*is_new = false;
	if (r == NULL)
		return MDL_ENOMEM;
	r->dirty = true;
	bool confirmed = t->confirmed > 0;
	int64_t known = find_signature(b, t->signature, confirmed);
	if (known == 0) {
		struct finding *f = book_new_finding(b);
		if (f == NULL)
			return MDL_ENOMEM;
		f->t = *t;
		f->ms = ms;
		known = (int64_t)b->n_findings;
		*is_new = confirmed;
	}
	book_seen(b, known);
	if (confirmed)
		r->finding = known;
	else
		r->tried++;
	return MDL_OK;
}
