#include "replay/corpus.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "replay/files.h"

enum { TRACE_TEXT_MAX = 128 << 20, PATH_SIZE = 4096 };

static const char ending[] = ".trace";

void corpus_name(const struct mdl_trace *t, char out[CORPUS_NAME])
{
	snprintf(out, CORPUS_NAME, "%016" PRIx64 "%s", mdl_trace_hash(t), ending);
}

mdl_err corpus_add(const char *folder, const struct mdl_trace *t, bool *added, struct mdl_why *why)
{
	char name[CORPUS_NAME], path[PATH_SIZE];
	struct mdl_buf text;
	corpus_name(t, name);
	*added = false;
	if (!path_join(path, sizeof(path), folder, name))
		return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", folder);
	if (access(path, F_OK) == 0)
		return MDL_OK;
	mdl_buf_init(&text, TRACE_TEXT_MAX);
	mdl_err err = mdl_trace_write(t, &text);
	if (err != MDL_OK)
		mdl_fail(why, err, "%s: %s", path, mdl_err_text(err));
	else
		err = file_write(path, mdl_buf_slice(&text), false, why);
	mdl_buf_fini(&text);
	*added = err == MDL_OK;
	return err;
}

mdl_err corpus_load(const char *folder, const char *name, struct mdl_trace **out,
		    struct mdl_why *why)
{
	char path[PATH_SIZE];
	struct mdl_buf text;
	if (!path_join(path, sizeof(path), folder, name))
		return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", folder);
	mdl_buf_init(&text, TRACE_TEXT_MAX);
	mdl_err err = file_read(path, &text, why);
	if (err == MDL_OK)
		err = mdl_trace_read(mdl_buf_slice(&text), path, out, why);
	mdl_buf_fini(&text);
	return err;
}

bool corpus_is_entry(const char *name)
{
	size_t n = strlen(name);
	return n > sizeof(ending) - 1 && strcmp(name + n - (sizeof(ending) - 1), ending) == 0;
}

mdl_err corpus_each(const char *folder, mdl_err (*fn)(void *ctx, const char *, struct mdl_trace *),
		    void (*bad)(void *ctx, const struct mdl_why *why), void *ctx,
		    struct mdl_why *why)
{
	struct names names;
	struct mdl_why problem;
	mdl_err err = folder_list(folder, &names, why);
	for (size_t i = 0; err == MDL_OK && i < names.n; i++) {
		struct mdl_trace *t;
		if (!corpus_is_entry(names.v[i]))
			continue;
		err = corpus_load(folder, names.v[i], &t, &problem);
		if (err == MDL_OK)
			err = fn(ctx, names.v[i], t);
		else if (bad != NULL && err != MDL_ENOMEM) {
			bad(ctx, &problem);
			err = MDL_OK;
		} else
			mdl_fail(why, err, "%s", problem.text);
	}
	if (err == MDL_OK || names.n > 0)
		names_free(&names);
	return err;
}
