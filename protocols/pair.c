#include "protocols/pair.h"

#include <stdlib.h>
#include <utlist.h>

#include "core/map.h"

struct key;

/* One open request: in the list of all by age, and in the list of its key. */
struct open {
	struct mdl_request req;
	struct key *key;	    /* of the request */
	bool answered;		    /* at least in part */
	struct open *older, *newer; /* of all */
	struct open *prev, *next;   /* of the same key; the first is the oldest */
};

struct key {
	uint64_t key;
	struct open *list;
	UT_hash_handle hh;
};

struct mdl_pairs {
	struct key *keys;
	struct open *ages; /* oldest first */
	size_t n, max;
};

struct mdl_pairs *mdl_pairs_new(size_t max)
{
	struct mdl_pairs *p = calloc(1, sizeof(*p));
	if (p != NULL)
		p->max = max;
	return p;
}

/* Keys are hashes already. */
static unsigned hash_of(uint64_t key)
{
	return (unsigned)(key ^ key >> 32);
}

static struct key *find(const struct mdl_pairs *p, uint64_t key)
{
	struct key *k;
	HASH_FIND_BYHASHVALUE(hh, p->keys, &key, sizeof(key), hash_of(key), k);
	return k;
}

static void close_request(struct mdl_pairs *p, struct open *o)
{
	struct key *k = o->key;
	DL_DELETE(k->list, o);
	DL_DELETE2(p->ages, o, older, newer);
	free(o);
	p->n--;
	if (k->list != NULL)
		return;
	HASH_DEL(p->keys, k);
	free(k);
}

void mdl_pairs_free(struct mdl_pairs *p)
{
	if (p == NULL)
		return;
	while (p->ages != NULL)
		close_request(p, p->ages);
	free(p);
}

/* What was answered is over when the same is asked again. NULL if that was all there was of the key. */
static struct key *close_answered(struct mdl_pairs *p, struct key *k)
{
	while (k != NULL && k->list->answered) {
		bool only = k->list->next == NULL;
		close_request(p, k->list);
		k = only ? NULL : k;
	}
	return k;
}

static struct key *add_key(struct mdl_pairs *p, uint64_t key)
{
	struct key *k = calloc(1, sizeof(*k));
	if (k == NULL)
		return NULL;
	k->key = key;
	HASH_ADD_BYHASHVALUE(hh, p->keys, key, sizeof(k->key), hash_of(key), k);
	if (mdl_map_added(k))
		return k;
	free(k);
	return NULL;
}

mdl_err mdl_pairs_open(struct mdl_pairs *p, const struct mdl_request *req, struct mdl_request *lost)
{
	if (lost != NULL)
		*lost = (struct mdl_request){ 0 };
	struct open *o = calloc(1, sizeof(*o));
	if (o == NULL)
		return MDL_ENOMEM;
	if (p->n >= p->max && p->ages != NULL) {
		if (lost != NULL)
			*lost = p->ages->req;
		close_request(p, p->ages);
	}
	struct key *k = close_answered(p, find(p, req->key));
	if (k == NULL && (k = add_key(p, req->key)) == NULL) {
		free(o);
		return MDL_ENOMEM;
	}
	o->req = *req;
	o->key = k;
	DL_APPEND(k->list, o);
	DL_APPEND2(p->ages, o, older, newer);
	p->n++;
	return MDL_OK;
}

bool mdl_pairs_peek(const struct mdl_pairs *p, uint64_t key, struct mdl_request *out)
{
	struct key *k = find(p, key);
	if (k == NULL)
		return false;
	*out = k->list->req;
	return true;
}

bool mdl_pairs_take(struct mdl_pairs *p, uint64_t key, struct mdl_request *out)
{
	struct key *k = find(p, key);
	if (k == NULL)
		return false;
	*out = k->list->req;
	close_request(p, k->list);
	return true;
}

bool mdl_pairs_claim(struct mdl_pairs *p, uint64_t key, struct mdl_request *out)
{
	struct key *k = find(p, key);
	if (k == NULL)
		return false;
	while (k->list->answered && k->list->next != NULL) /* so k stays */
		close_request(p, k->list);
	k->list->answered = true;
	*out = k->list->req;
	return true;
}

bool mdl_pairs_expire(struct mdl_pairs *p, mdl_time before, struct mdl_request *out)
{
	if (p->ages == NULL || p->ages->req.at >= before)
		return false;
	*out = p->ages->req;
	close_request(p, p->ages);
	return true;
}

size_t mdl_pairs_count(const struct mdl_pairs *p)
{
	return p->n;
}
