#include "update.h"

#include "behaviour.h"
#include "rdata.h"

/* The entry as a record of ours; false if its data are malformed or too long to keep. */
static bool to_record(const struct request *q, const struct entry *e, struct record *out)
{
	struct reader r = request_reader(q, e->rdata);
	out->owner = e->owner;
	out->type = e->type;
	out->ttl = e->ttl > INT32_MAX ? 0 : e->ttl; /* RFC 2181, section 8 */
	rdata_read(&r, e->rdlen, out);
	return !r.bad;
}

static bool is_meta(uint16_t type)
{
	return type == 0 || type == TYPE_OPT || (type >= 128 && type <= TYPE_ANY);
}

/* Class ANY: what must be; class NONE: what must not be (RFC 2136, sections 2.4.1 to 2.4.5). */
static unsigned check_existence(const struct zone *z, const struct entry *e)
{
	bool found = zone_find(z, &e->owner, e->type, 0) != NULL;
	if (e->rdlen != 0 || (is_meta(e->type) && e->type != TYPE_ANY))
		return FORMERR;
	if (e->class == CLASS_ANY && !found)
		return e->type == TYPE_ANY ? NXDOMAIN : NXRRSET;
	if (e->class == CLASS_NONE && found)
		return e->type == TYPE_ANY ? YXDOMAIN : YXRRSET;
	return RCODE_OK;
}

static unsigned check_prerequisite(const struct request *q, struct zone *z, const struct entry *e)
{
	static struct record r;
	if (e->ttl != 0)
		return FORMERR;
	if (!name_under(&e->owner, &z->apex))
		return NOTZONE;
	if (e->class == CLASS_ANY || e->class == CLASS_NONE)
		return check_existence(z, e);
	if (e->class != CLASS_IN || is_meta(e->type))
		return FORMERR;
	return to_record(q, e, &r) && zone_find_data(z, &r) != NULL ? RCODE_OK : NXRRSET;
}

/* RFC 2136, section 3.4.1; what we could not check we do not keep. */
static unsigned check_change(const struct request *q, struct zone *z, const struct entry *e)
{
	(void)q;
	if (!name_under(&e->owner, &z->apex))
		return NOTZONE;
	switch (e->class) {
	case CLASS_IN:
		if (is_meta(e->type))
			return FORMERR;
		return type_known(e->type) ? RCODE_OK : REFUSED;
	case CLASS_ANY:
		return e->ttl != 0 || e->rdlen != 0 || (is_meta(e->type) && e->type != TYPE_ANY)
			       ? FORMERR
			       : RCODE_OK;
	case CLASS_NONE:
		return e->ttl != 0 || is_meta(e->type) ? FORMERR : RCODE_OK;
	default:
		return FORMERR;
	}
}

/* RFC 2136, section 3.4.2. We give out serials ourselves, so that a new SOA changes nothing. */
static unsigned change(const struct request *q, struct zone *z, const struct entry *e)
{
	static struct record r;
	if (e->class == CLASS_ANY) {
		zone_remove(z, &e->owner, e->type, NULL);
		return RCODE_OK;
	}
	if (!to_record(q, e, &r))
		return SERVFAIL;
	if (e->class == CLASS_NONE)
		zone_remove(z, &e->owner, e->type, &r);
	else if (e->type != TYPE_SOA && !zone_add(z, &r))
		return SERVFAIL;
	return RCODE_OK;
}

/* Does `step` with each record of a section, up to the first that it complains about. */
static unsigned walk(const struct request *q, struct zone *z, int section,
		     unsigned (*step)(const struct request *q, struct zone *z,
				      const struct entry *e))
{
	struct reader r = request_reader(q, q->section[section]);
	unsigned rcode = RCODE_OK;
	for (unsigned i = 0; i < q->count[section] && rcode == RCODE_OK; i++) {
		struct entry e;
		entry_read(&r, &e);
		rcode = step(q, z, &e);
	}
	return rcode;
}

static unsigned update_zone(const struct request *q, struct zone *z)
{
	unsigned rcode = walk(q, z, ANSWER, check_prerequisite);
	if (rcode == RCODE_OK)
		rcode = walk(q, z, AUTHORITY, check_change);
	if (rcode == RCODE_OK)
		rcode = walk(q, z, AUTHORITY, change);
	if (rcode == RCODE_OK && q->count[AUTHORITY] > 0)
		zone_changed(z);
	return rcode;
}

void update_clean(const struct request *q, struct reply *a)
{
	if (q->count[QUESTION] != 1 || q->ask->type != TYPE_SOA) {
		a->rcode = FORMERR;
		return;
	}
	struct zone *z = zone_at(&q->ask->name);
	if (z == NULL || q->ask->class != CLASS_IN)
		a->rcode = NOTAUTH;
	else if (!z->dynamic)
		a->rcode = REFUSED;
	else
		a->rcode = update_zone(q, z);
}
