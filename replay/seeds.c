#include "replay/seeds.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/map.h"
#include "protocols/diff.h"
#include "protocols/registry.h"
#include "replay/exchange.h"

/* What was said already, by what it says. */
struct said {
	uint64_t hash;
	UT_hash_handle hh;
};

/* Making seeds of conversations. */
struct maker_of_seeds {
	const struct seeds_conf *conf;
	struct seeds *out;
	struct trace_list pieces; /* owned, becomes the seeds */
	struct said *said;
	struct mdl_ctx *x[2]; /* by carrier */
	struct mdl_fields f;
};

static struct mdl_ctx *ctx_for(struct maker_of_seeds *m, const struct mdl_trace *t)
{
	return m->x[t->carrier == MDL_STREAM];
}

/* ---- telling repetitions ---- */

static uint64_t hash_of(struct maker_of_seeds *m, const struct mdl_trace *t)
{
	uint64_t h = (uint64_t)t->carrier;
	struct mdl_ctx *x = ctx_for(m, t);
	for (size_t i = 0; i < t->n; i++) {
		struct mdl_slice msg = mdl_buf_slice(&t->v[i]->bytes);
		if (t->v[i]->dir != MDL_C2S)
			continue;
		x->dir = MDL_C2S;
		struct mdl_view v = { msg, &m->f, mdl_dissect(x, msg, &m->f) };
		h = mdl_hash_u64(mdl_diff_hash(&v, NULL, false), h);
	}
	return h;
}

static mdl_err was_said(struct maker_of_seeds *m, const struct mdl_trace *t, bool *before)
{
	struct said *s;
	uint64_t hash = hash_of(m, t);
	HASH_FIND (hh, m->said, &hash, sizeof(hash), s)
		;
	*before = s != NULL;
	if (s != NULL)
		return MDL_OK;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return MDL_ENOMEM;
	s->hash = hash;
	HASH_ADD(hh, m->said, hash, sizeof(s->hash), s);
	if (mdl_map_added(s))
		return MDL_OK;
	free(s);
	return MDL_ENOMEM;
}

/* ---- cutting ---- */

static struct mdl_trace *begin_piece(const struct mdl_trace *t)
{
	struct mdl_trace *p = mdl_trace_new();
	if (p == NULL)
		return NULL;
	struct mdl_trace head = *t;
	head.v = NULL;
	head.n = head.cap = 0;
	*p = head;
	return p;
}

/* The piece each message belongs to: requests in turn, answers with their requests. */
static size_t assign_pieces(const struct mdl_trace *t, const struct exchange *pairs, size_t *piece)
{
	size_t requests = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t request = exchange_request(pairs, i);
		if (t->v[i]->dir == MDL_C2S)
			piece[i] = requests++ / SEED_REQUESTS;
		else if (request != EXCHANGE_NONE)
			piece[i] = piece[request];
		else
			piece[i] = requests == 0 ? 0 : (requests - 1) / SEED_REQUESTS;
	}
	return requests == 0 ? 0 : (requests - 1) / SEED_REQUESTS + 1;
}

static mdl_err take_piece(struct mdl_trace *t, const size_t *piece, size_t which,
			  struct trace_list *out)
{
	struct mdl_trace *p = begin_piece(t);
	mdl_err err = p == NULL ? MDL_ENOMEM : MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < t->n; i++)
		if (piece[i] == which) {
			struct mdl_msg *m = mdl_msg_copy(t->v[i]);
			mdl_time first = p->n == 0 ? 0 : p->v[0]->at;
			err = m == NULL ? MDL_ENOMEM : mdl_trace_insert(p, p->n, m);
			if (err != MDL_OK)
				mdl_msg_free(m);
			else if (p->n > 1)
				m->at -= first < m->at ? first : m->at;
		}
	if (err == MDL_OK && p->n > 0)
		p->v[0]->at = 0;
	if (err == MDL_OK)
		err = trace_list_add(out, p);
	if (err != MDL_OK)
		mdl_trace_free(p);
	return err;
}

/* Datagram conversations of many requests in pieces; all others as they are. Takes `t`. */
static mdl_err cut(struct maker_of_seeds *m, struct mdl_trace *t, struct trace_list *out)
{
	bool whole = m->conf->whole || t->carrier != MDL_DGRAM ||
		     mdl_trace_count(t, MDL_C2S) <= SEED_REQUESTS;
	if (whole) {
		mdl_err err = trace_list_add(out, t);
		if (err != MDL_OK)
			mdl_trace_free(t);
		return err;
	}
	struct exchange *pairs = exchange_new(ctx_for(m, t), t, MDL_C2S);
	size_t *piece = calloc(t->n, sizeof(*piece));
	mdl_err err = pairs == NULL || piece == NULL ? MDL_ENOMEM : MDL_OK;
	size_t n = err == MDL_OK ? assign_pieces(t, pairs, piece) : 0;
	for (size_t i = 0; err == MDL_OK && i < n; i++)
		err = take_piece(t, piece, i, out);
	exchange_free(pairs);
	free(piece);
	mdl_trace_free(t);
	return err;
}

/* ---- all of it ---- */

static mdl_err keep_new(struct maker_of_seeds *m, struct trace_list *pieces)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < pieces->n; i++) {
		bool before = false;
		if (!m->conf->whole)
			err = was_said(m, pieces->v[i], &before);
		m->out->repeated += before;
		if (err == MDL_OK && !before)
			err = trace_list_add(&m->pieces, pieces->v[i]);
		if (err == MDL_OK && !before)
			pieces->v[i] = NULL;
	}
	return err;
}

/* Takes the trace out of the list, whatever becomes of it. */
static mdl_err make_seeds(struct maker_of_seeds *m, struct mdl_trace **t)
{
	struct trace_list pieces = { 0 };
	struct mdl_trace *mine = *t;
	*t = NULL;
	m->out->conversations++;
	bool other = strcmp(mine->proto, m->out->proto->name) != 0;
	bool mute = mdl_trace_count(mine, MDL_C2S) == 0;
	m->out->other_protocol += other;
	m->out->one_sided += !other && mute;
	if (other || mute) {
		mdl_trace_free(mine);
		return MDL_OK;
	}
	mdl_err err = cut(m, mine, &pieces);
	if (err == MDL_OK)
		err = keep_new(m, &pieces);
	trace_list_fini(&pieces);
	return err;
}

static void forget(struct maker_of_seeds *m)
{
	struct said *s, *next;
	HASH_ITER (hh, m->said, s, next) {
		HASH_DEL(m->said, s);
		free(s);
	}
	mdl_ctx_free(m->x[0]);
	mdl_ctx_free(m->x[1]);
	mdl_fields_fini(&m->f);
}

static mdl_err make_all(const struct seeds_conf *conf, struct trace_list *found, struct seeds *out,
			struct mdl_why *why)
{
	struct maker_of_seeds m = { .conf = conf, .out = out };
	mdl_fields_init(&m.f);
	mdl_err err = mdl_ctx_new(out->proto, MDL_DGRAM, conf->settings, &m.x[0], why);
	if (err == MDL_OK)
		err = mdl_ctx_new(out->proto, MDL_STREAM, conf->settings, &m.x[1], why);
	for (size_t i = 0; err == MDL_OK && i < found->n; i++)
		if ((err = make_seeds(&m, &found->v[i])) != MDL_OK)
			mdl_fail(why, err, "out of memory");
	out->v = m.pieces.v;
	out->n = m.pieces.n;
	forget(&m);
	if (err == MDL_OK && out->n == 0)
		err = mdl_fail(
			why, MDL_ENOTFOUND,
			"none of %zu conversations can be a seed: %zu are not %s, %zu have no "
			"message of a client",
			out->conversations, out->other_protocol, out->proto->name, out->one_sided);
	return err;
}

mdl_err seeds_load(const struct seeds_conf *conf, struct seeds *out, struct mdl_why *why)
{
	struct trace_list found = { 0 };
	struct load_stats stats;
	struct load_conf lc = { .settings = conf->settings,
				.on_note = conf->on_note,
				.ctx = conf->ctx };
	memset(out, 0, sizeof(*out));
	if (conf->protocol != NULL && (out->proto = mdl_protocol_find(conf->protocol)) == NULL)
		return mdl_fail(why, MDL_EINVAL,
				"--protocol: \"%.40s\" is not known; see meddle list protocols",
				conf->protocol);
	lc.proto = out->proto;
	mdl_err err = load_paths(conf->paths, &lc, &found, &stats, why);
	out->files = stats.files;
	if (err == MDL_OK && out->proto == NULL)
		out->proto = load_majority(&found);
	if (err == MDL_OK)
		err = make_all(conf, &found, out, why);
	trace_list_fini(&found);
	if (err != MDL_OK)
		seeds_free(out);
	return err;
}

void seeds_free(struct seeds *s)
{
	for (size_t i = 0; i < s->n; i++)
		mdl_trace_free(s->v[i]);
	free(s->v);
	s->v = NULL;
	s->n = 0;
}
