#include "replay/corpus_place.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "replay/files.h"

/* ---- finding ---- */

static mdl_err is_campaign(const char *path, bool *yes, struct mdl_why *why)
{
	char db[CORPUS_PATH];
	if (!path_join(db, sizeof(db), path, "meddle.db"))
		return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", path);
	*yes = access(db, F_OK) == 0;
	return MDL_OK;
}

/* A folder of other things is no corpus; an empty one may become one. */
static mdl_err check_folder(const char *path, struct mdl_why *why)
{
	struct names names;
	mdl_err err = folder_list(path, &names, why);
	if (err != MDL_OK)
		return err;
	bool fits = names.n == 0;
	for (size_t i = 0; i < names.n; i++)
		fits = fits || corpus_is_entry(names.v[i]);
	if (!fits)
		err = mdl_fail(
			why, MDL_EINVAL,
			"%s: neither a corpus (it holds %s and no .trace) nor a campaign (no "
			"meddle.db); name a folder that `meddle corpus import` or `meddle "
			"fuzz` made",
			path, names.v[0]);
	names_free(&names);
	return err;
}

mdl_err corpus_find(const char *path, struct corpus_place *out, struct mdl_why *why)
{
	if (!folder_is(path))
		return access(path, F_OK) == 0
			       ? mdl_fail(why, MDL_EINVAL, "%s: a file; name a folder of traces",
					  path)
			       : mdl_fail(why, MDL_ENOTFOUND, "%s: %s", path, strerror(errno));
	mdl_err err = is_campaign(path, &out->campaign, why);
	if (err != MDL_OK)
		return err;
	snprintf(out->root, sizeof(out->root), "%s", path);
	snprintf(out->folder, sizeof(out->folder), "%s", path);
	if (!out->campaign)
		return check_folder(path, why);
	return path_join(out->folder, sizeof(out->folder), path, "corpus")
		       ? MDL_OK
		       : mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", path);
}

mdl_err corpus_make(const char *path, struct corpus_place *out, struct mdl_why *why)
{
	mdl_err err = folder_make(path, why);
	if (err == MDL_OK)
		err = corpus_find(path, out, why);
	if (err == MDL_OK && out->campaign)
		err = mdl_fail(
			why, MDL_EINVAL,
			"%s: a campaign, whose book knows all its entries; add to a corpus of "
			"its own and give that to `meddle fuzz`",
			path);
	return err;
}

/* ---- visiting ---- */

struct visit {
	const struct corpus_place *place;
	const struct corpus_visitor *v;
	struct mdl_why *why;
	mdl_err err;
};

static mdl_err take_trace(void *ctx, const char *name, struct mdl_trace *t)
{
	const struct visit *c = ctx;
	mdl_err err = c->v->entry(c->v->ctx, &(struct corpus_entry){ name, t, NULL });
	mdl_trace_free(t);
	return err;
}

static bool take_row(void *ctx, const struct store_entry *row)
{
	struct visit *c = ctx;
	struct mdl_trace *t;
	struct mdl_why problem;
	c->err = corpus_load(c->place->folder, row->name, &t, &problem);
	if (c->err == MDL_OK) {
		c->err = c->v->entry(c->v->ctx, &(struct corpus_entry){ row->name, t, row });
		mdl_trace_free(t);
	} else if (c->v->bad != NULL && c->err != MDL_ENOMEM) {
		c->v->bad(c->v->ctx, &problem);
		c->err = MDL_OK;
	} else
		mdl_fail(c->why, c->err, "%s", problem.text);
	return c->err == MDL_OK;
}

static mdl_err visit_campaign(struct visit *c)
{
	struct store *s;
	mdl_err err = store_open_read(c->place->root, &s, c->why);
	if (err != MDL_OK)
		return err;
	err = store_entries(s, take_row, c, c->why);
	store_close(s);
	return err == MDL_OK ? c->err : err;
}

static void pass_bad(void *ctx, const struct mdl_why *why)
{
	const struct visit *c = ctx;
	c->v->bad(c->v->ctx, why);
}

mdl_err corpus_visit(const struct corpus_place *p, const struct corpus_visitor *v,
		     struct mdl_why *why)
{
	struct visit c = { p, v, why, MDL_OK };
	if (p->campaign)
		return visit_campaign(&c);
	return corpus_each(p->folder, take_trace, v->bad == NULL ? NULL : pass_bad, &c, why);
}
