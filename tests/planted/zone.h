/** The zones and their records, in memory; small, and bounded. */
#pragma once

#include "wire.h"

enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_OPT = 41,
	TYPE_IXFR = 251,
	TYPE_AXFR = 252,
	TYPE_ANY = 255
};

enum { ZONE_RECORDS = 128, RDATA_SIZE = 512 };

struct record {
	struct name owner;
	uint16_t type;
	uint32_t ttl;
	size_t rdlen;
	uint8_t rdata[RDATA_SIZE]; /* names in it are not compressed */
};

struct zone {
	struct name apex;
	bool dynamic; /* UPDATE is welcome */
	size_t n;
	struct record v[ZONE_RECORDS]; /* the first is the SOA */
};

/** Fills the zones with what they hold at first. */
void zones_load(void);
/** The zone that the name lies in, and the zone that it is the apex of; NULL if there is none. */
struct zone *zone_of(const struct name *name);
struct zone *zone_at(const struct name *apex);

/** The first record from place `from` on; NULL at the end. `type` may be TYPE_ANY. */
const struct record *zone_find(const struct zone *z, const struct name *owner, uint16_t type,
			       size_t from);
/** True if the name or one below it has a record. */
bool zone_has(const struct zone *z, const struct name *name);

/** The record that is equal but for its TTL; NULL if there is none. */
const struct record *zone_find_data(const struct zone *z, const struct record *r);
/** True if it is in the zone now. False if the zone is full. */
bool zone_add(struct zone *z, const struct record *r);
/**
 * Removes what matches: every type if `type` is TYPE_ANY, all data if `data` is NULL. The SOA and the
 * zone's own NS stay (RFC 2136, section 3.4.2).
 */
void zone_remove(struct zone *z, const struct name *owner, uint16_t type,
		 const struct record *data);
/** Counts the serial up by one. */
void zone_changed(struct zone *z);
