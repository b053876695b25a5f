#include "zone.h"

#include <stdio.h>
#include <string.h>

#include "rdata.h"

static struct zone zones[4];
static size_t n_zones;

/* A line without an owner belongs to the owner above; an SOA begins a zone. */
static const struct {
	const char *owner, *type, *data;
} lines[] = {
	/* clang-format off */
	{ "example.", "SOA", "ns1.example. hostmaster.example. 2024010101 7200 900 1209600 300" },
	{ NULL, "NS", "ns1.example." },
	{ NULL, "NS", "ns2.example." },
	{ NULL, "MX", "10 mail.example." },
	{ NULL, "TXT", "v=spf1 mx -all" },
	{ "ns1.example.", "A", "192.0.2.4" },
	{ NULL, "AAAA", "2001:db8::4" },
	{ "ns2.example.", "A", "192.0.2.5" },
	{ "www.example.", "A", "192.0.2.80" },
	{ NULL, "A", "192.0.2.81" },
	{ NULL, "AAAA", "2001:db8::80" },
	{ "mail.example.", "A", "192.0.2.25" },
	{ "ftp.example.", "CNAME", "www.example." },
	{ "text.example.", "TXT", "one string" },
	{ "a.b.c.deep.example.", "A", "192.0.2.5" },
	{ "_sip._udp.example.", "SRV", "10 60 5060 www.example." },
	{ "dyn.example.", "SOA", "ns1.example. hostmaster.example. 100 7200 900 1209600 300" },
	{ NULL, "NS", "ns1.example." },
	{ "host.dyn.example.", "A", "192.0.2.10" },
	{ NULL, "TXT", "registered by hand" },
	{ "printer.dyn.example.", "A", "192.0.2.11" },
	{ "alias.dyn.example.", "CNAME", "host.dyn.example." },
	{ "2.0.192.in-addr.arpa.", "SOA", "ns1.example. hostmaster.example. 1 7200 900 1209600 300" },
	{ NULL, "NS", "ns1.example." },
	{ "4.2.0.192.in-addr.arpa.", "PTR", "ns1.example." },
	{ "80.2.0.192.in-addr.arpa.", "PTR", "www.example." },
	{ "big.example.", "SOA", "ns1.example. hostmaster.example. 1 7200 900 1209600 300" },
	{ NULL, "NS", "ns1.example." },
	/* clang-format on */
};

static void load(const char *owner, const char *type, const char *data)
{
	static struct record r;
	if (owner != NULL)
		r.owner = name_from_text(owner);
	r.ttl = 3600;
	rdata_from_text(&r, type, data);
	if (r.type == TYPE_SOA)
		zones[n_zones++].apex = r.owner;
	zone_add(&zones[n_zones - 1], &r);
}

/* Answers that fit no datagram: so many strings under a name that says how many. */
static void load_big(unsigned char count)
{
	char owner[32], text[201];
	snprintf(owner, sizeof(owner), "txt%u.big.example.", count);
	for (unsigned char i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%03u %0196d", i, 0);
		load(owner, "TXT", text);
	}
}

void zones_load(void)
{
	static const unsigned char sizes[] = { 2, 4, 6, 17, 60 };
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		load(lines[i].owner, lines[i].type, lines[i].data);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		load_big(sizes[i]);
	zones[1].dynamic = true;
}

struct zone *zone_of(const struct name *name)
{
	struct zone *best = NULL;
	for (size_t i = 0; i < n_zones; i++)
		if (name_under(name, &zones[i].apex) &&
		    (best == NULL || zones[i].apex.n > best->apex.n))
			best = &zones[i];
	return best;
}

struct zone *zone_at(const struct name *apex)
{
	struct zone *z = zone_of(apex);
	return z != NULL && name_equal(apex, &z->apex) ? z : NULL;
}

const struct record *zone_find(const struct zone *z, const struct name *owner, uint16_t type,
			       size_t from)
{
	for (size_t i = from; i < z->n; i++)
		if ((type == TYPE_ANY || z->v[i].type == type) && name_equal(&z->v[i].owner, owner))
			return &z->v[i];
	return NULL;
}

bool zone_has(const struct zone *z, const struct name *name)
{
	for (size_t i = 0; i < z->n; i++)
		if (name_under(&z->v[i].owner, name))
			return true;
	return false;
}

static bool same_data(const struct record *a, const struct record *b)
{
	return a->type == b->type && a->rdlen == b->rdlen &&
	       memcmp(a->rdata, b->rdata, a->rdlen) == 0;
}

const struct record *zone_find_data(const struct zone *z, const struct record *r)
{
	for (size_t i = 0; i < z->n; i++)
		if (same_data(&z->v[i], r) && name_equal(&z->v[i].owner, &r->owner))
			return &z->v[i];
	return NULL;
}

bool zone_add(struct zone *z, const struct record *r)
{
	if (zone_find_data(z, r) != NULL)
		return true;
	if (z->n == ZONE_RECORDS)
		return false;
	z->v[z->n++] = *r;
	return true;
}

void zone_remove(struct zone *z, const struct name *owner, uint16_t type, const struct record *data)
{
	size_t kept = 1; /* the SOA */
	for (size_t i = 1; i < z->n; i++) {
		const struct record *r = &z->v[i];
		bool gone = (type == TYPE_ANY || r->type == type) &&
			    (data == NULL || same_data(r, data)) && name_equal(&r->owner, owner) &&
			    !(r->type == TYPE_NS && name_equal(owner, &z->apex));
		if (!gone)
			z->v[kept++] = *r;
	}
	z->n = kept;
}

void zone_changed(struct zone *z)
{
	uint8_t *serial = z->v[0].rdata + z->v[0].rdlen - 20;
	for (size_t i = 4; i-- > 0 && ++serial[i] == 0;)
		;
}
