#include "replay/store_sql.h"

static const char *const sql_of[] = {
#define X(name, sql) sql,
	STATEMENTS(X)
#undef X
};

mdl_err store_fail(struct store *s, struct mdl_why *why)
{
	int code = sqlite3_errcode(s->db);
	mdl_err err = code == SQLITE_BUSY || code == SQLITE_LOCKED ? MDL_EBUSY : MDL_EIO;
	return mdl_fail(why, err, "%s: %s%s", s->path, sqlite3_errmsg(s->db),
			err == MDL_EBUSY ? "; another campaign runs in this folder" : "");
}

sqlite3_stmt *store_prepare(struct store *s, enum statement n)
{
	if (s->st[n] == NULL && sqlite3_prepare_v3(s->db, sql_of[n], -1, SQLITE_PREPARE_PERSISTENT,
						   &s->st[n], NULL) != SQLITE_OK)
		return NULL;
	return s->st[n];
}

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

mdl_err store_exec(struct store *s, enum statement n, const struct value *v, int count,
		   struct mdl_why *why)
{
	sqlite3_stmt *st = store_prepare(s, n);
	if (st == NULL || !bind_all(st, v, count))
		return store_fail(s, why);
	int code = sqlite3_step(st);
	mdl_err err = code == SQLITE_DONE || code == SQLITE_ROW ? MDL_OK : store_fail(s, why);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return err;
}

mdl_err store_each(struct store *s, enum statement n, bool (*row)(sqlite3_stmt *st, void *ctx),
		   void *ctx, struct mdl_why *why)
{
	sqlite3_stmt *st = store_prepare(s, n);
	if (st == NULL)
		return store_fail(s, why);
	int code;
	while ((code = sqlite3_step(st)) == SQLITE_ROW && row(st, ctx))
		;
	mdl_err err = code == SQLITE_DONE || code == SQLITE_ROW ? MDL_OK : store_fail(s, why);
	sqlite3_reset(st);
	return err;
}

const char *store_text_at(sqlite3_stmt *st, int column)
{
	const char *t = (const char *)sqlite3_column_text(st, column);
	return t == NULL ? "" : t;
}
