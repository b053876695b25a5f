#include "protocols/dns/look.h"

#include "protocols/name.h"

bool mdl_dns_walk(struct dns_walk *w, struct mdl_slice body)
{
	*w = (struct dns_walk){ .c = mdl_cursor(body) };
	w->h.id = mdl_cursor_be16(&w->c);
	w->h.flags = mdl_cursor_be16(&w->c);
	for (unsigned i = 0; i < MDL_COUNT(w->h.count); i++)
		w->h.count[i] = mdl_cursor_be16(&w->c);
	return w->c.err == MDL_OK;
}

static void pass_name(struct mdl_cursor *c)
{
	struct mdl_slice body = { c->base, (size_t)(c->end - c->base) };
	struct mdl_name_place place;
	if (mdl_name_scan(body, mdl_cursor_off(c), &place, NULL) != MDL_OK)
		c->err = MDL_EMALFORMED;
	else
		c->p += place.used;
}

bool mdl_dns_walk_next(struct dns_walk *w, struct dns_record *out)
{
	while (w->section < MDL_COUNT(w->h.count) && w->seen == w->h.count[w->section]) {
		w->section++;
		w->seen = 0;
	}
	if (w->section == MDL_COUNT(w->h.count) || w->c.err != MDL_OK)
		return false;
	w->seen++;
	*out = (struct dns_record){ .section = w->section, .off = mdl_cursor_off(&w->c) };
	pass_name(&w->c);
	out->type = mdl_cursor_be16(&w->c);
	out->cls = mdl_cursor_be16(&w->c);
	if (w->section == DNS_S_QUESTION)
		return w->c.err == MDL_OK;
	out->ttl = mdl_cursor_be32(&w->c);
	out->rdata = mdl_cursor_take(&w->c, mdl_cursor_be16(&w->c));
	return w->c.err == MDL_OK;
}
