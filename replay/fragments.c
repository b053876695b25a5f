#include "replay/fragments.h"

#include <stdlib.h>

#include "core/buf.h"
#include "core/hash.h"
#include "core/map.h"

enum {
	UNIT = 8, /* offsets count in these */
	UNITS_MAX = (UINT16_MAX + UNIT) / UNIT,
	WORD = 64,
	DEFAULT_PACKETS = 1024,
	DEFAULT_BYTES = 16 << 20,
	DEFAULT_TIMEOUT = 30,
};

/* RFC 791: what fragments of one packet have in common. IPv6 leaves the protocol out. */
struct key {
	struct mdl_inet src, dst;
	uint32_t id;
	uint32_t proto;
};

/** A packet of which fragments came. */
struct datagram {
	struct key key;
	UT_hash_handle hh; /* in the order of first fragments */
	mdl_time first;
	struct mdl_buf bytes; /* up to the highest one known, zeros in the holes */
	size_t total;	      /* 0 until the last fragment came */
	size_t units;	      /* that are there */
	uint8_t proto;	      /* what the first fragment says comes behind the headers */
	uint64_t there[UNITS_MAX / WORD + 1]; /* a bit a unit */
};

struct fragments {
	struct fragments_conf conf;
	struct fragments_stats stats;
	struct datagram *map;
	struct datagram *done; /* whose bytes are lent out */
	size_t held;
};

struct fragments *fragments_new(const struct fragments_conf *conf)
{
	struct fragments *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	f->conf = *conf;
	if (f->conf.max_packets == 0)
		f->conf.max_packets = DEFAULT_PACKETS;
	if (f->conf.max_bytes == 0)
		f->conf.max_bytes = DEFAULT_BYTES;
	if (f->conf.timeout == 0)
		f->conf.timeout = DEFAULT_TIMEOUT * MDL_SEC;
	return f;
}

static size_t size_of(const struct datagram *d)
{
	return sizeof(*d) + d->bytes.cap;
}

static void free_datagram(struct datagram *d)
{
	if (d == NULL)
		return;
	mdl_buf_fini(&d->bytes);
	free(d);
}

/* Takes it out of the map; it is the caller's then. */
static void take_out(struct fragments *f, struct datagram *d)
{
	f->held -= size_of(d);
	HASH_DEL(f->map, d);
}

static void give_up(struct fragments *f, struct datagram *d)
{
	take_out(f, d);
	free_datagram(d);
	f->stats.incomplete++;
}

void fragments_finish(struct fragments *f)
{
	while (f->map != NULL)
		give_up(f, f->map);
}

void fragments_free(struct fragments *f)
{
	if (f == NULL)
		return;
	fragments_finish(f);
	free_datagram(f->done);
	free(f);
}

const struct fragments_stats *fragments_stats(const struct fragments *f)
{
	return &f->stats;
}

size_t fragments_held(const struct fragments *f)
{
	return f->held;
}

/* The map keeps the order of first fragments, so the oldest stand in front. */
static void expire(struct fragments *f, mdl_time now)
{
	while (f->map != NULL && f->map->first < now && now - f->map->first > f->conf.timeout)
		give_up(f, f->map);
}

/* Makes room by giving up the oldest, but not `but`. */
static void limit(struct fragments *f, const struct datagram *but)
{
	while (f->map != NULL && f->map != but &&
	       (HASH_COUNT(f->map) > f->conf.max_packets || f->held > f->conf.max_bytes))
		give_up(f, f->map);
}

static struct datagram *find_or_make(struct fragments *f, const struct mdl_ip_packet *p,
				     mdl_time now)
{
	struct key key = { .src = p->src,
			   .dst = p->dst,
			   .id = p->fragment_id,
			   .proto = p->src.family == 4 ? p->proto : 0 };
	unsigned hash = (unsigned)mdl_hash(mdl_slice(&key, sizeof(key)), 0);
	struct datagram *d;
	HASH_FIND_BYHASHVALUE(hh, f->map, &key, sizeof(key), hash, d);
	if (d != NULL)
		return d;
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return NULL;
	d->key = key;
	d->first = now;
	mdl_buf_init(&d->bytes, UNITS_MAX * UNIT);
	HASH_ADD_BYHASHVALUE(hh, f->map, key, sizeof(key), hash, d);
	if (!mdl_map_added(d)) {
		free_datagram(d);
		return NULL;
	}
	f->held += size_of(d);
	return d;
}

static bool possible(const struct datagram *d, const struct mdl_ip_packet *p)
{
	size_t end = p->fragment_off + p->transport.n;
	if (p->cut || p->transport.n == 0 || end > UINT16_MAX)
		return false;
	if (p->more && p->transport.n % UNIT != 0)
		return false;
	if (d->total != 0 && (end > d->total || (!p->more && end != d->total)))
		return false;
	return p->more || end >= d->bytes.n;
}

static mdl_err make_room(struct fragments *f, struct datagram *d, size_t end)
{
	if (end <= d->bytes.n)
		return MDL_OK;
	f->held -= size_of(d);
	mdl_err err = mdl_buf_reserve(&d->bytes, end - d->bytes.n);
	f->held += size_of(d);
	if (err != MDL_OK)
		return err;
	memset(d->bytes.p + d->bytes.n, 0, end - d->bytes.n);
	d->bytes.n = end;
	return MDL_OK;
}

/* Copies the units that are not there yet; the others are compared. */
static void place(struct fragments *f, struct datagram *d, size_t off, struct mdl_slice bytes)
{
	bool overlap = false, differ = false;
	for (size_t i = 0; i < bytes.n; i += UNIT) {
		struct mdl_slice unit = mdl_slice_sub(bytes, i, UNIT);
		uint8_t *at = d->bytes.p + off + i;
		size_t k = (off + i) / UNIT;
		uint64_t bit = UINT64_C(1) << (k % WORD);
		if ((d->there[k / WORD] & bit) != 0) {
			overlap = true;
			differ = differ || memcmp(at, unit.p, unit.n) != 0;
			continue;
		}
		d->there[k / WORD] |= bit;
		d->units++;
		memcpy(at, unit.p, unit.n);
	}
	f->stats.overlaps += overlap;
	f->stats.differ += differ;
}

static bool complete(const struct datagram *d)
{
	return d->total != 0 && d->units == (d->total + UNIT - 1) / UNIT;
}

/* Hands the joined bytes out as `p`; they live until the next call. */
static bool hand_out(struct fragments *f, struct datagram *d, struct mdl_ip_packet *p)
{
	take_out(f, d);
	f->done = d;
	if (p->src.family == 6)
		p->proto = d->proto;
	if (mdl_ip_join(p, mdl_buf_slice(&d->bytes)) != MDL_OK) {
		f->stats.bad++;
		return false;
	}
	f->stats.reassembled++;
	return true;
}

/* Takes the bytes in, if they can be what they say. */
static mdl_err take_in(struct fragments *f, struct datagram *d, const struct mdl_ip_packet *p)
{
	size_t end = p->fragment_off + p->transport.n;
	if (!possible(d, p)) {
		f->stats.bad++;
		return MDL_OK;
	}
	mdl_err err = make_room(f, d, end);
	if (err != MDL_OK)
		return err;
	place(f, d, p->fragment_off, p->transport);
	if (p->fragment_off == 0)
		d->proto = p->proto;
	if (!p->more)
		d->total = end;
	return MDL_OK;
}

mdl_err fragments_add(struct fragments *f, struct mdl_ip_packet *p, mdl_time now, bool *whole)
{
	free_datagram(f->done);
	f->done = NULL;
	*whole = false;
	f->stats.fragments++;
	expire(f, now);
	struct datagram *d = find_or_make(f, p, now);
	if (d == NULL)
		return MDL_ENOMEM;
	mdl_err err = take_in(f, d, p);
	if (complete(d))
		*whole = hand_out(f, d, p);
	else
		limit(f, d);
	return err;
}
