#include "replay/store_sql.h"

/* ---- corpus ---- */

mdl_err store_add_entry(struct store *s, struct store_entry *e, struct mdl_why *why)
{
	mdl_err err = EXEC(s, ST_ENTRY_ADD, why, T(e->name), T(e->source), T(e->proto),
			   T(e->recipe), I(e->parent), I(e->found_case), I(e->found_ms),
			   I(e->depth), I(e->msgs), I(e->bytes), I(e->features), I(e->picked));
	e->id = sqlite3_last_insert_rowid(s->db);
	return err;
}

struct entries {
	bool (*fn)(void *ctx, const struct store_entry *e);
	void *ctx;
};

static bool entry_row(sqlite3_stmt *st, void *ctx)
{
	const struct entries *c = ctx;
	struct store_entry e = {
		.id = sqlite3_column_int64(st, 0),
		.name = store_text_at(st, 1),
		.source = store_text_at(st, 2),
		.proto = store_text_at(st, 3),
		.recipe = store_text_at(st, 4),
		.parent = sqlite3_column_int64(st, 5),
		.found_case = sqlite3_column_int64(st, 6),
		.found_ms = sqlite3_column_int64(st, 7),
		.depth = (unsigned)sqlite3_column_int(st, 8),
		.msgs = (unsigned)sqlite3_column_int(st, 9),
		.bytes = (unsigned)sqlite3_column_int(st, 10),
		.features = (unsigned)sqlite3_column_int(st, 11),
		.picked = (unsigned)sqlite3_column_int(st, 12),
	};
	return c->fn(c->ctx, &e);
}

mdl_err store_entries(struct store *s, bool (*fn)(void *, const struct store_entry *), void *ctx,
		      struct mdl_why *why)
{
	return store_each(s, ST_ENTRIES, entry_row, &(struct entries){ fn, ctx }, why);
}

mdl_err store_picked(struct store *s, int64_t id, unsigned times, struct mdl_why *why)
{
	return EXEC(s, ST_PICKED, why, I(times), I(id));
}

mdl_err store_entry_features(struct store *s, int64_t id, const uint32_t *v, unsigned n,
			     struct mdl_why *why)
{
	mdl_err err = MDL_OK;
	for (unsigned i = 0; err == MDL_OK && i < n; i++)
		err = EXEC(s, ST_EF_ADD, why, I(id), I(v[i]));
	return err;
}

struct entry_features {
	bool (*fn)(void *ctx, int64_t entry, uint32_t feature);
	void *ctx;
};

static bool entry_feature_row(sqlite3_stmt *st, void *ctx)
{
	const struct entry_features *c = ctx;
	return c->fn(c->ctx, sqlite3_column_int64(st, 0), (uint32_t)sqlite3_column_int64(st, 1));
}

mdl_err store_each_entry_feature(struct store *s, bool (*fn)(void *, int64_t, uint32_t), void *ctx,
				 struct mdl_why *why)
{
	return store_each(s, ST_EFS, entry_feature_row, &(struct entry_features){ fn, ctx }, why);
}

/* ---- features and states ---- */

mdl_err store_feature(struct store *s, uint32_t feature, int64_t count, struct mdl_why *why)
{
	return EXEC(s, ST_FEATURE, why, I(feature), I(count));
}

struct features_ctx {
	bool (*fn)(void *ctx, uint32_t feature, int64_t count);
	void *ctx;
};

static bool feature_row(sqlite3_stmt *st, void *ctx)
{
	const struct features_ctx *c = ctx;
	return c->fn(c->ctx, (uint32_t)sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1));
}

mdl_err store_features(struct store *s, bool (*fn)(void *, uint32_t, int64_t), void *ctx,
		       struct mdl_why *why)
{
	return store_each(s, ST_FEATURES, feature_row, &(struct features_ctx){ fn, ctx }, why);
}

mdl_err store_edge(struct store *s, uint32_t from, uint32_t to, int64_t count, const char *text,
		   struct mdl_why *why)
{
	mdl_err err = EXEC(s, ST_STATE, why, I(to), T(text));
	return err == MDL_OK ? EXEC(s, ST_EDGE, why, I(from), I(to), I(count)) : err;
}

struct edges {
	bool (*fn)(void *ctx, const struct store_edge_row *e);
	void *ctx;
};

static bool edge_row(sqlite3_stmt *st, void *ctx)
{
	const struct edges *c = ctx;
	struct store_edge_row e = { (uint32_t)sqlite3_column_int64(st, 0),
				    (uint32_t)sqlite3_column_int64(st, 1),
				    sqlite3_column_int64(st, 2), store_text_at(st, 3),
				    store_text_at(st, 4) };
	return c->fn(c->ctx, &e);
}

mdl_err store_edges(struct store *s, bool (*fn)(void *, const struct store_edge_row *), void *ctx,
		    struct mdl_why *why)
{
	return store_each(s, ST_EDGES, edge_row, &(struct edges){ fn, ctx }, why);
}

mdl_err store_depth(struct store *s, unsigned depth, const char *name, int64_t count,
		    struct mdl_why *why)
{
	return EXEC(s, ST_DEPTH, why, I(depth), T(name), I(count));
}

struct depths {
	bool (*fn)(void *ctx, unsigned depth, const char *name, int64_t count);
	void *ctx;
};

static bool depth_row(sqlite3_stmt *st, void *ctx)
{
	const struct depths *c = ctx;
	return c->fn(c->ctx, (unsigned)sqlite3_column_int(st, 0), store_text_at(st, 1),
		     sqlite3_column_int64(st, 2));
}

mdl_err store_depths(struct store *s, bool (*fn)(void *, unsigned, const char *, int64_t),
		     void *ctx, struct mdl_why *why)
{
	return store_each(s, ST_DEPTHS, depth_row, &(struct depths){ fn, ctx }, why);
}
