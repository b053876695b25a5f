#include "replay/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "replay/files.h"
#include "replay/store_sql.h"

enum { BUSY_MS = 2000, SCHEMA_VERSION = 1 };

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

/* ---- opening ---- */

static mdl_err run_sql(struct store *s, const char *sql, struct mdl_why *why)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? MDL_OK
								       : store_fail(s, why);
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
		return store_fail(s, why);
	if (version == 0 && !create) /* it was killed before it had tables */
		return mdl_fail(why, MDL_ENOTFOUND, "%s: there is no campaign in it yet", s->path);
	if (version != 0)
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
		return store_fail(s, why);
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
	return store_exec(s, ST_BEGIN, NULL, 0, why);
}

mdl_err store_commit(struct store *s, struct mdl_why *why)
{
	return store_exec(s, ST_COMMIT, NULL, 0, why);
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
	sqlite3_stmt *st = store_prepare(s, ST_GET);
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
	snprintf(out, size, "%s", store_text_at(st, 0));
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
