#include "proxy/stage.h"

#include <stdlib.h>

#include "core/text.h"
#include "proxy/stage_impair.h"

static const struct stage_ops *const all[] = { &stage_impair, NULL };

const struct stage_ops *const *stage_list(void)
{
	return all;
}

static const struct stage_ops *find(const char *name, struct mdl_why *why)
{
	const char *names[MDL_COUNT(all)] = { NULL };
	for (size_t i = 0; all[i] != NULL; i++) {
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
		names[i] = all[i]->name;
	}
	const char *near = mdl_text_nearest(name, names);
	mdl_fail(why, MDL_ENOTFOUND, "there is no stage \"%.60s\"%s%s%s", name,
		 near == NULL ? "" : "; did you mean ", near == NULL ? "" : near,
		 near == NULL ? "" : "?");
	return NULL;
}

/* A stage with its options, not opened. */
static mdl_err prepare(const struct stage_ops *ops, const struct mdl_conf *options,
		       struct stage **out, struct mdl_why *why)
{
	struct stage *s = calloc(1, ops->size);
	if (s == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	s->ops = ops;
	mdl_err err = mdl_opts_preset(ops->options, s, why);
	if (err == MDL_OK && options != NULL)
		err = mdl_opts_conf(ops->options, options, s, why);
	if (err == MDL_OK && ops->open != NULL && (err = ops->open(s, why)) != MDL_OK)
		mdl_why_prefix(why, "%s", ops->name);
	if (err == MDL_OK)
		*out = s;
	else
		free(s);
	return err;
}

/* `- impair:` without a value: an empty scalar stands for an empty map. */
static bool empty(const struct mdl_conf *c)
{
	const char *text = c == NULL ? "" : mdl_conf_scalar(c);
	return text != NULL && text[0] == 0;
}

mdl_err stage_new(const char *name, const struct mdl_conf *options, struct stage **out,
		  struct mdl_why *why)
{
	const struct stage_ops *ops = find(name, why);
	if (ops == NULL)
		return MDL_ENOTFOUND;
	return prepare(ops, empty(options) ? NULL : options, out, why);
}

mdl_err stage_make(const struct stage_ops *ops, struct stage **out, struct mdl_why *why)
{
	return prepare(ops, NULL, out, why);
}

void stage_free(struct stage *s)
{
	if (s == NULL)
		return;
	if (s->ops->close != NULL)
		s->ops->close(s);
	free(s);
}
