#include "replay/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "replay/files.h"

enum { PATH_SIZE = 4096, BUSY_MS = 2000, SCHEMA_VERSION = 1 };

static const char schema[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE entry(id INTEGER PRIMARY KEY, name TEXT, source TEXT, proto TEXT, recipe "
	"TEXT,"
	" parent INT, found_case INT, found_ms INT, depth INT, msgs INT, bytes INT, features INT,"
	" picked INT);"
	"CREATE TABLE entry_feature(entry INT, feature INT, PRIMARY KEY(entry, feature))"
	" WITHOUT ROWID;"
	"CREATE TABLE feature(id INTEGER PRIMARY KEY, count INT);"
	"CREATE TABLE state(id INTEGER PRIMARY KEY, text TEXT);"
	"CREATE TABLE edge(a INT, b INT, count INT, PRIMARY KEY(a, b)) WITHOUT ROWID;"
	"CREATE TABLE depth(id INTEGER PRIMARY KEY, name TEXT, count INT);"
	"CREATE TABLE finding(id INTEGER PRIMARY KEY, signature INT, kind TEXT, severity TEXT,"
	" title TEXT, bundle TEXT, found_case INT, found_ms INT, times INT, confirmed INT, tried "
	"INT);"
	"CREATE TABLE raw(id INTEGER PRIMARY KEY, finding INT, tried INT);"
	"CREATE TABLE point(ms INTEGER PRIMARY KEY, cases INT, corpus INT, features INT, states "
	"INT,"
	" edges INT, findings INT, restarts INT, rss_mb REAL);";

/* clang-format off */
#define STATEMENTS(X) \
	X(SET,        "INSERT OR REPLACE INTO meta VALUES(?,?)") \
	X(GET,        "SELECT value FROM meta WHERE key=?") \
	X(ENTRY_ADD,  "INSERT INTO entry(name,source,proto,recipe,parent,found_case,found_ms,depth,msgs,bytes,features,picked) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)") \
	X(ENTRIES,    "SELECT id,name,source,proto,recipe,parent,found_case,found_ms,depth,msgs,bytes,features,picked FROM entry ORDER BY id") \
	X(PICKED,     "UPDATE entry SET picked=? WHERE id=?") \
	X(EF_ADD,     "INSERT OR IGNORE INTO entry_feature VALUES(?,?)") \
	X(EFS,        "SELECT entry,feature FROM entry_feature ORDER BY entry,feature") \
	X(FEATURE,    "INSERT OR REPLACE INTO feature VALUES(?,?)") \
	X(FEATURES,   "SELECT id,count FROM feature ORDER BY id") \
	X(STATE,      "INSERT OR IGNORE INTO state VALUES(?,?)") \
	X(EDGE,       "INSERT OR REPLACE INTO edge VALUES(?,?,?)") \
	X(EDGES,      "SELECT a,b,count,coalesce(x.text,'start'),coalesce(y.text,'?') FROM edge LEFT JOIN state x ON x.id=a LEFT JOIN state y ON y.id=b ORDER BY a,b") \
	X(DEPTH,      "INSERT OR REPLACE INTO depth VALUES(?,?,?)") \
	X(DEPTHS,     "SELECT id,name,count FROM depth ORDER BY id") \
	X(FINDING,    "INSERT OR REPLACE INTO finding VALUES(?,?,?,?,?,?,?,?,?,?,?)") \
	X(FINDINGS,   "SELECT id,signature,kind,severity,title,bundle,found_case,found_ms,times,confirmed,tried FROM finding ORDER BY id") \
	X(RAW,        "INSERT OR REPLACE INTO raw VALUES(?,?,?)") \
	X(RAWS,       "SELECT id,finding,tried FROM raw ORDER BY id") \
	X(POINT,      "INSERT OR REPLACE INTO point VALUES(?,?,?,?,?,?,?,?,?)") \
	X(POINTS,     "SELECT ms,cases,corpus,features,states,edges,findings,restarts,rss_mb FROM point ORDER BY ms") \
	X(BEGIN,      "BEGIN IMMEDIATE") \
	X(COMMIT,     "COMMIT")
/* clang-format on */

enum statement {
#define X(name, sql) ST_##name,
	STATEMENTS(X)
#undef X
		N_STATEMENTS
};

static const char *const sql_of[] = {
#define X(name, sql) sql,
	STATEMENTS(X)
#undef X
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *st[N_STATEMENTS]; /* prepared when first used */
	char path[PATH_SIZE];
};

static mdl_err fail(struct store *s, struct mdl_why *why)
{
	int code = sqlite3_errcode(s->db);
	mdl_err err = code == SQLITE_BUSY || code == SQLITE_LOCKED ? MDL_EBUSY : MDL_EIO;
	return mdl_fail(why, err, "%s: %s%s", s->path, sqlite3_errmsg(s->db),
			err == MDL_EBUSY ? "; another campaign runs in this folder" : "");
}

/* ---- one statement ---- */

/* Binds as `types` says: i int64_t, t const char *, d double. */
static sqlite3_stmt *prepare(struct store *s, enum statement n)
{
	if (s->st[n] == NULL && sqlite3_prepare_v3(s->db, sql_of[n], -1, SQLITE_PREPARE_PERSISTENT,
						   &s->st[n], NULL) != SQLITE_OK)
		return NULL;
	return s->st[n];
}

struct value {
	enum { INTEGER, TEXT, REAL } type;
	int64_t i;
	const char *t;
	double d;
};

#define I(v) ((struct value){ INTEGER, (int64_t)(v), NULL, 0 })
#define T(v) ((struct value){ TEXT, 0, (v), 0 })
#define D(v) ((struct value){ REAL, 0, NULL, (v) })

static bool bind_all(sqlite3_stmt *st, const struct value *v, int n)
{
	int code = SQLITE_OK;
	for (int k = 0; code == SQLITE_OK && k < n; k++) {
		if (v[k].type == INTEGER)
			code = sqlite3_bind_int64(st, k + 1, v[k].i);
		else if (v[k].type == REAL)
			code = sqlite3_bind_double(st, k + 1, v[k].d);
		else
			code = sqlite3_bind_text(st, k + 1, v[k].t == NULL ? "" : v[k].t, -1,
						 SQLITE_STATIC);
	}
	return code == SQLITE_OK;
}

static mdl_err exec(struct store *s, enum statement n, const struct value *v, int count,
		    struct mdl_why *why)
{
	sqlite3_stmt *st = prepare(s, n);
	if (st == NULL || !bind_all(st, v, count))
		return fail(s, why);
	int code = sqlite3_step(st);
	mdl_err err = code == SQLITE_DONE || code == SQLITE_ROW ? MDL_OK : fail(s, why);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return err;
}

#define EXEC(s, n, why, ...)                              \
	exec(s, n, (const struct value[]){ __VA_ARGS__ }, \
	     (int)MDL_COUNT(((const struct value[]){ __VA_ARGS__ })), why)

/* Calls `row` for each row until it says false. */
static mdl_err each(struct store *s, enum statement n, bool (*row)(sqlite3_stmt *st, void *ctx),
		    void *ctx, struct mdl_why *why)
{
	sqlite3_stmt *st = prepare(s, n);
	if (st == NULL)
		return fail(s, why);
	int code;
	while ((code = sqlite3_step(st)) == SQLITE_ROW && row(st, ctx))
		;
	mdl_err err = code == SQLITE_DONE || code == SQLITE_ROW ? MDL_OK : fail(s, why);
	sqlite3_reset(st);
	return err;
}

static const char *text_at(sqlite3_stmt *st, int column)
{
	const char *t = (const char *)sqlite3_column_text(st, column);
	return t == NULL ? "" : t;
}

/* ---- opening ---- */

static mdl_err run_sql(struct store *s, const char *sql, struct mdl_why *why)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? MDL_OK : fail(s, why);
}

static int64_t user_version(struct store *s)
{
	sqlite3_stmt *st;
	int64_t v = -1;
	if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL) != SQLITE_OK)
		return v;
	if (sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

static mdl_err prepare_tables(struct store *s, bool create, struct mdl_why *why)
{
	int64_t version = user_version(s);
	if (version == SCHEMA_VERSION)
		return MDL_OK;
	if (version < 0)
		return fail(s, why);
	if (version != 0 || !create)
		return mdl_fail(
			why, MDL_EUNSUPPORTED,
			"%s: written by another version of meddle (layout %d, this one reads %d)",
			s->path, (int)version, SCHEMA_VERSION);
	mdl_err err = run_sql(s, "BEGIN", why);
	if (err == MDL_OK)
		err = run_sql(s, schema, why);
	if (err == MDL_OK)
		err = run_sql(s, "PRAGMA user_version=1; COMMIT", why);
	return err;
}

static mdl_err open_db(const char *folder, int flags, struct store **out, struct mdl_why *why)
{
	struct store *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	if (!path_join(s->path, sizeof(s->path), folder, "meddle.db")) {
		free(s);
		return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", folder);
	}
	if ((flags & SQLITE_OPEN_CREATE) == 0 && access(s->path, F_OK) != 0) {
		mdl_err err =
			mdl_fail(why, MDL_ENOTFOUND, "%s: no campaign in this folder", folder);
		free(s);
		return err;
	}
	*out = s;
	if (sqlite3_open_v2(s->path, &s->db, flags, NULL) != SQLITE_OK)
		return fail(s, why);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	return MDL_OK;
}

mdl_err store_open(const char *folder, bool create, struct store **out, struct mdl_why *why)
{
	struct store *s = NULL;
	int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
	mdl_err err = open_db(folder, flags, &s, why);
	if (err == MDL_OK)
		err = run_sql(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", why);
	if (err == MDL_OK)
		err = prepare_tables(s, create, why);
	if (err == MDL_OK)
		*out = s;
	else
		store_close(s);
	return err;
}

mdl_err store_open_read(const char *folder, struct store **out, struct mdl_why *why)
{
	struct store *s = NULL;
	mdl_err err = open_db(folder, SQLITE_OPEN_READWRITE, &s, why);
	if (err == MDL_OK)
		err = prepare_tables(s, false, why);
	if (err == MDL_OK)
		err = run_sql(s, "BEGIN", why); /* what it sees stays as it is at the first row */
	if (err == MDL_OK)
		*out = s;
	else
		store_close(s);
	return err;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < N_STATEMENTS; i++)
		sqlite3_finalize(s->st[i]);
	sqlite3_close(s->db);
	free(s);
}

mdl_err store_begin(struct store *s, struct mdl_why *why)
{
	return exec(s, ST_BEGIN, NULL, 0, why);
}

mdl_err store_commit(struct store *s, struct mdl_why *why)
{
	return exec(s, ST_COMMIT, NULL, 0, why);
}

/* ---- settings and counters ---- */

mdl_err store_set(struct store *s, const char *key, const char *value, struct mdl_why *why)
{
	return EXEC(s, ST_SET, why, T(key), T(value));
}

mdl_err store_set_number(struct store *s, const char *key, int64_t v, struct mdl_why *why)
{
	return EXEC(s, ST_SET, why, T(key), I(v));
}

/* Steps to the row of a key; the statement has to be reset by the caller. NULL if there is none. */
static sqlite3_stmt *find_key(struct store *s, const char *key)
{
	sqlite3_stmt *st = prepare(s, ST_GET);
	if (st == NULL || sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC) != SQLITE_OK)
		return NULL;
	if (sqlite3_step(st) == SQLITE_ROW)
		return st;
	sqlite3_reset(st);
	return NULL;
}

bool store_get(struct store *s, const char *key, char *out, size_t size)
{
	sqlite3_stmt *st = find_key(s, key);
	if (st == NULL)
		return false;
	snprintf(out, size, "%s", text_at(st, 0));
	sqlite3_reset(st);
	return true;
}

int64_t store_get_number(struct store *s, const char *key, int64_t otherwise)
{
	sqlite3_stmt *st = find_key(s, key);
	if (st == NULL)
		return otherwise;
	int64_t v = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return v;
}

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
		.name = text_at(st, 1),
		.source = text_at(st, 2),
		.proto = text_at(st, 3),
		.recipe = text_at(st, 4),
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
	return each(s, ST_ENTRIES, entry_row, &(struct entries){ fn, ctx }, why);
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
	return each(s, ST_EFS, entry_feature_row, &(struct entry_features){ fn, ctx }, why);
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
	return each(s, ST_FEATURES, feature_row, &(struct features_ctx){ fn, ctx }, why);
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
				    sqlite3_column_int64(st, 2), text_at(st, 3), text_at(st, 4) };
	return c->fn(c->ctx, &e);
}

mdl_err store_edges(struct store *s, bool (*fn)(void *, const struct store_edge_row *), void *ctx,
		    struct mdl_why *why)
{
	return each(s, ST_EDGES, edge_row, &(struct edges){ fn, ctx }, why);
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
	return c->fn(c->ctx, (unsigned)sqlite3_column_int(st, 0), text_at(st, 1),
		     sqlite3_column_int64(st, 2));
}

mdl_err store_depths(struct store *s, bool (*fn)(void *, unsigned, const char *, int64_t),
		     void *ctx, struct mdl_why *why)
{
	return each(s, ST_DEPTHS, depth_row, &(struct depths){ fn, ctx }, why);
}

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
		.kind = text_at(st, 2),
		.severity = text_at(st, 3),
		.title = text_at(st, 4),
		.bundle = text_at(st, 5),
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
	return each(s, ST_FINDINGS, finding_row, &(struct findings){ fn, ctx }, why);
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
	return each(s, ST_RAWS, raw_row, &(struct raws){ fn, ctx }, why);
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
	return each(s, ST_POINTS, point_row, &(struct points){ fn, ctx }, why);
}
