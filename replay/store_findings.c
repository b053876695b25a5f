#include "replay/store_sql.h"

/* ---- findings ---- */

mdl_err store_put_finding(struct store *s, const struct store_finding *f, struct mdl_why *why)
{
	return EXEC(s, ST_FINDING, why, I(f->id), I(f->signature), T(f->kind), T(f->severity),
		    T(f->title), T(f->bundle), I(f->found_case), I(f->found_ms), I(f->times),
		    I(f->confirmed), I(f->tried));
}

struct findings {
	bool (*fn)(void *ctx, const struct store_finding *f);
	void *ctx;
};

static bool finding_row(sqlite3_stmt *st, void *ctx)
{
	const struct findings *c = ctx;
	struct store_finding f = {
		.id = sqlite3_column_int64(st, 0),
		.signature = (uint64_t)sqlite3_column_int64(st, 1),
		.kind = store_text_at(st, 2),
		.severity = store_text_at(st, 3),
		.title = store_text_at(st, 4),
		.bundle = store_text_at(st, 5),
		.found_case = sqlite3_column_int64(st, 6),
		.found_ms = sqlite3_column_int64(st, 7),
		.times = sqlite3_column_int64(st, 8),
		.confirmed = (unsigned)sqlite3_column_int(st, 9),
		.tried = (unsigned)sqlite3_column_int(st, 10),
	};
	return c->fn(c->ctx, &f);
}

mdl_err store_findings(struct store *s, bool (*fn)(void *, const struct store_finding *), void *ctx,
		       struct mdl_why *why)
{
	return store_each(s, ST_FINDINGS, finding_row, &(struct findings){ fn, ctx }, why);
}

mdl_err store_raw(struct store *s, uint64_t raw, int64_t finding, unsigned tried,
		  struct mdl_why *why)
{
	return EXEC(s, ST_RAW, why, I(raw), I(finding), I(tried));
}

struct raws {
	bool (*fn)(void *ctx, uint64_t raw, int64_t finding, unsigned tried);
	void *ctx;
};

static bool raw_row(sqlite3_stmt *st, void *ctx)
{
	const struct raws *c = ctx;
	return c->fn(c->ctx, (uint64_t)sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
		     (unsigned)sqlite3_column_int(st, 2));
}

mdl_err store_raws(struct store *s, bool (*fn)(void *, uint64_t, int64_t, unsigned), void *ctx,
		   struct mdl_why *why)
{
	return store_each(s, ST_RAWS, raw_row, &(struct raws){ fn, ctx }, why);
}

/* ---- progress ---- */

mdl_err store_add_point(struct store *s, const struct store_point *p, struct mdl_why *why)
{
	return EXEC(s, ST_POINT, why, I(p->ms), I(p->cases), I(p->corpus), I(p->features),
		    I(p->states), I(p->edges), I(p->findings), I(p->restarts), D(p->rss_mb));
}

struct points {
	bool (*fn)(void *ctx, const struct store_point *p);
	void *ctx;
};

static bool point_row(sqlite3_stmt *st, void *ctx)
{
	const struct points *c = ctx;
	struct store_point p = { sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
				 sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3),
				 sqlite3_column_int64(st, 4), sqlite3_column_int64(st, 5),
				 sqlite3_column_int64(st, 6), sqlite3_column_int64(st, 7),
				 sqlite3_column_double(st, 8) };
	return c->fn(c->ctx, &p);
}

mdl_err store_points(struct store *s, bool (*fn)(void *, const struct store_point *), void *ctx,
		     struct mdl_why *why)
{
	return store_each(s, ST_POINTS, point_row, &(struct points){ fn, ctx }, why);
}
