#include "tools/meddle/summary.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/map.h"
#include "core/stat.h"
#include "core/text.h"
#include "protocols/pair.h"

enum { REQUESTS_OPEN = 65536, LINES = 16, STATE_TEXT = 1024 };

/* How often something was seen: a state of the server, or an odd thing. */
struct tally {
	uint64_t key, n;
	const char *text; /* of an odd thing; NULL: the key is a state */
	UT_hash_handle hh;
};

/* Of one protocol over one carrier. */
struct part {
	const struct mdl_protocol *proto;
	enum mdl_carrier carrier;
	uint64_t flows, messages[2], bytes[2], malformed, cut, raw;
	uint64_t answered; /* requests; the first answer of each counts */
	struct mdl_hist latency;
	struct tally *states, *odd;
	struct part *next;
};

struct summary {
	struct part *parts;	/* in the order they were met */
	struct mdl_pairs *open; /* requests without an answer, of all flows */
};

const char *carrier_name(enum mdl_carrier c)
{
	return c == MDL_STREAM ? "tcp" : c == MDL_DGRAM ? "udp" : "ip";
}

struct summary *summary_new(void)
{
	struct summary *s = calloc(1, sizeof(*s));
	if (s != NULL && (s->open = mdl_pairs_new(REQUESTS_OPEN)) == NULL) {
		free(s);
		s = NULL;
	}
	return s;
}

static void free_tallies(struct tally *map)
{
	struct tally *t, *next;
	HASH_ITER (hh, map, t, next) {
		HASH_DEL(map, t);
		free(t);
	}
}

void summary_free(struct summary *s)
{
	if (s == NULL)
		return;
	while (s->parts != NULL) {
		struct part *p = s->parts;
		s->parts = p->next;
		free_tallies(p->states);
		free_tallies(p->odd);
		free(p);
	}
	mdl_pairs_free(s->open);
	free(s);
}

/* ---- counting ---- */

static struct part *part_of(struct summary *s, const struct item *m)
{
	struct part **at = &s->parts;
	while (*at != NULL && ((*at)->proto != m->x->proto || (*at)->carrier != m->carrier))
		at = &(*at)->next;
	if (*at == NULL && (*at = calloc(1, sizeof(**at))) != NULL) {
		(*at)->proto = m->x->proto;
		(*at)->carrier = m->carrier;
	}
	return *at;
}

static mdl_err count(struct tally **map, uint64_t key, const char *text)
{
	struct tally *t;
	unsigned hash = (unsigned)mdl_hash_u64(key, 0);
	HASH_FIND_BYHASHVALUE(hh, *map, &key, sizeof(key), hash, t);
	if (t == NULL) {
		if ((t = calloc(1, sizeof(*t))) == NULL)
			return MDL_ENOMEM;
		t->key = key;
		t->text = text;
		HASH_ADD_BYHASHVALUE(hh, *map, key, sizeof(t->key), hash, t);
		if (!mdl_map_added(t)) {
			free(t);
			return MDL_ENOMEM;
		}
	}
	t->n++;
	return MDL_OK;
}

/* Joins requests and answers; an answer takes its request, so that only the first one has a latency. */
static mdl_err pair(struct summary *s, struct part *p, const struct item *m)
{
	struct mdl_request req = { .token = m->flow, .at = m->at };
	req.key = mdl_hash_u64(m->flow, mdl_pair_key(m->x, m->bytes));
	if (m->dir == MDL_C2S)
		return mdl_pairs_open(s->open, &req, NULL);
	if (!mdl_pairs_take(s->open, req.key, &req))
		return MDL_OK;
	p->answered++;
	mdl_hist_add(&p->latency, m->at < req.at ? 0 : (uint64_t)(m->at - req.at));
	return MDL_OK;
}

mdl_err summary_add(struct summary *s, const struct item *m, const struct mdl_fields *f)
{
	struct part *p = part_of(s, m);
	if (p == NULL)
		return MDL_ENOMEM;
	p->flows += m->number == 1;
	p->messages[m->dir]++;
	p->bytes[m->dir] += m->bytes.n;
	p->malformed += m->err == MDL_EMALFORMED;
	p->cut += (m->flags & MDL_MSG_CUT) != 0;
	p->raw += (m->flags & MDL_MSG_RAW) != 0;
	m->x->dir = m->dir;
	mdl_err err = pair(s, p, m);
	if (err == MDL_OK && m->dir == MDL_S2C && p->proto->observe != NULL)
		err = count(&p->states, mdl_observe(m->x, m->bytes), NULL);
	for (unsigned i = 0; err == MDL_OK && i < f->n_notes; i++)
		err = count(&p->odd, mdl_hash_str(f->notes[i].text, 0), f->notes[i].text);
	return err;
}

/* ---- printing ---- */

static int by_count(const struct tally *a, const struct tally *b)
{
	return a->n != b->n ? (a->n < b->n) - (a->n > b->n) : (a->key > b->key) - (a->key < b->key);
}

/* What was counted in words. */
static mdl_err tally_text(const struct part *p, const struct tally *t, struct mdl_buf *out)
{
	mdl_buf_cut(out, 0);
	return t->text != NULL ? mdl_buf_printf(out, "%s", t->text)
			       : mdl_state_text(p->proto, (uint32_t)t->key, out);
}

static mdl_err print_tallies(const struct part *p, struct tally *map, const char *title)
{
	struct mdl_buf text;
	unsigned lines = 0;
	mdl_err err = MDL_OK;
	mdl_buf_init(&text, STATE_TEXT);
	if (map != NULL)
		printf("  %s:\n", title);
	for (struct tally *t = map; err != MDL_ENOMEM && t != NULL && lines < LINES;
	     t = t->hh.next, lines++) {
		err = tally_text(p, t, &text);
		printf("  %10" PRIu64 "  %s\n", t->n, mdl_buf_text(&text));
	}
	if (HASH_COUNT(map) > LINES)
		printf("              and %u others\n", HASH_COUNT(map) - LINES);
	mdl_buf_fini(&text);
	return err == MDL_ENOMEM ? err : MDL_OK;
}

static mdl_err print_text(const struct part *p)
{
	char up[MDL_SIZE_TEXT], down[MDL_SIZE_TEXT];
	printf("%s over %s: %" PRIu64 " flows; %" PRIu64 " messages to servers (%s), %" PRIu64
	       " to clients (%s)\n",
	       p->proto->name, carrier_name(p->carrier), p->flows, p->messages[MDL_C2S],
	       mdl_size_text(p->bytes[MDL_C2S], up), p->messages[MDL_S2C],
	       mdl_size_text(p->bytes[MDL_S2C], down));
	printf("  %" PRIu64 " of %" PRIu64 " requests answered", p->answered, p->messages[MDL_C2S]);
	if (p->latency.n > 0)
		printf(", within %.3f ms (half), %.3f ms (99 %%), %.3f ms (all)",
		       (double)mdl_hist_quantile(&p->latency, 0.5) / 1e6,
		       (double)mdl_hist_quantile(&p->latency, 0.99) / 1e6,
		       (double)p->latency.max / 1e6);
	printf("\n  %" PRIu64 " malformed, %" PRIu64 " cut, %" PRIu64 " not framed\n", p->malformed,
	       p->cut, p->raw);
	mdl_err err = print_tallies(p, p->states, "answers");
	return err == MDL_OK ? print_tallies(p, p->odd, "odd") : err;
}

static json_t *tallies_json(const struct part *p, const struct tally *map)
{
	struct mdl_buf text;
	json_t *o = json_object();
	mdl_buf_init(&text, STATE_TEXT);
	for (const struct tally *t = map; t != NULL; t = t->hh.next)
		if (tally_text(p, t, &text) != MDL_ENOMEM)
			json_object_set_new(o, mdl_buf_text(&text), json_integer((json_int_t)t->n));
	mdl_buf_fini(&text);
	return o;
}

static mdl_err print_json(const struct part *p, const char *source)
{
	json_t *j = json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, "
		"s:o, "
		"s:o}",
		"type", "summary", "source", source, "protocol", p->proto->name, "carrier",
		carrier_name(p->carrier), "flows", (json_int_t)p->flows, "requests",
		(json_int_t)p->messages[MDL_C2S], "request_bytes", (json_int_t)p->bytes[MDL_C2S],
		"answers", (json_int_t)p->messages[MDL_S2C], "answer_bytes",
		(json_int_t)p->bytes[MDL_S2C], "answered", (json_int_t)p->answered, "malformed",
		(json_int_t)p->malformed, "cut", (json_int_t)p->cut, "raw", (json_int_t)p->raw,
		"p50_ms", (double)mdl_hist_quantile(&p->latency, 0.5) / 1e6, "p99_ms",
		(double)mdl_hist_quantile(&p->latency, 0.99) / 1e6, "max_ms",
		(double)p->latency.max / 1e6, "states", tallies_json(p, p->states), "odd",
		tallies_json(p, p->odd));
	char *line = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);
	if (line != NULL)
		puts(line);
	free(line);
	json_decref(j);
	return line == NULL ? MDL_ENOMEM : MDL_OK;
}

mdl_err summary_print(const struct summary *s, const char *source, bool json)
{
	mdl_err err = MDL_OK;
	for (struct part *p = s->parts; err == MDL_OK && p != NULL; p = p->next) {
		HASH_SORT(p->states, by_count);
		HASH_SORT(p->odd, by_count);
		err = json ? print_json(p, source) : print_text(p);
	}
	return err;
}
