/** The statements of the store and how they are run; for the files that are the store. */
#pragma once

#include <sqlite3.h>

#include "replay/store.h"

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

enum { STORE_PATH = 4096 };

struct store {
	sqlite3 *db;
	sqlite3_stmt *st[N_STATEMENTS]; /* prepared when first used */
	char path[STORE_PATH];
};

/** What SQLite says went wrong, in `why`. */
mdl_err store_fail(struct store *s, struct mdl_why *why);
/** The statement, prepared when it is first used; NULL: see store_fail. */
sqlite3_stmt *store_prepare(struct store *s, enum statement n);

/** What is bound to a question mark. */
struct value {
	enum { INTEGER, TEXT, REAL } type;
	int64_t i;
	const char *t;
	double d;
};

#define I(v) ((struct value){ INTEGER, (int64_t)(v), NULL, 0 })
#define T(v) ((struct value){ TEXT, 0, (v), 0 })
#define D(v) ((struct value){ REAL, 0, NULL, (v) })

/** Runs a statement that gives no rows. MDL_EBUSY, MDL_EIO. */
MDL_MUST mdl_err store_exec(struct store *s, enum statement n, const struct value *v, int count,
			    struct mdl_why *why);

#define EXEC(s, n, why, ...)                                    \
	store_exec(s, n, (const struct value[]){ __VA_ARGS__ }, \
		   (int)MDL_COUNT(((const struct value[]){ __VA_ARGS__ })), why)

/** Calls `row` for each row until it says false. */
MDL_MUST mdl_err store_each(struct store *s, enum statement n,
			    bool (*row)(sqlite3_stmt *st, void *ctx), void *ctx,
			    struct mdl_why *why);
/** "" for NULL. */
const char *store_text_at(sqlite3_stmt *st, int column);
