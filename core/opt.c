#include "core/opt.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/text.h"

static mdl_err set_flag(const char *text, bool *out)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };
	for (size_t i = 0; i < MDL_COUNT(yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*out = strcmp(text, yes[i]) == 0;
			return MDL_OK;
		}
	}
	return MDL_EINVAL;
}

static mdl_err set_choice(const struct mdl_opt *opt, const char *text, unsigned *out)
{
	for (unsigned i = 0; opt->choices[i] != NULL; i++)
		if (strcmp(text, opt->choices[i]) == 0) {
			*out = i;
			return MDL_OK;
		}
	return MDL_EINVAL;
}

static mdl_err add_string(const char *text, struct mdl_strings *out)
{
	if (out->n == MDL_STRINGS_MAX)
		return MDL_ELIMIT;
	out->v[out->n++] = text;
	return MDL_OK;
}

/* The first one given takes the place of the default, which is known by its address. */
static mdl_err set_list(const struct mdl_opt *opt, const char *text, struct mdl_strings *out)
{
	if (out->n == 1 && out->v[0] == opt->preset)
		out->n = 0;
	return add_string(text, out);
}

static mdl_err set_number(const struct mdl_opt *opt, const char *text, uint64_t *out)
{
	uint64_t v;
	mdl_err err =
		opt->kind == MDL_OPT_SIZE ? mdl_size_parse(text, &v) : mdl_uint_parse(text, &v);
	if (err != MDL_OK || v < opt->min || (opt->max != 0 && v > opt->max))
		return MDL_EINVAL;
	*out = v;
	return MDL_OK;
}

static mdl_err set(const struct mdl_opt *opt, const char *text, void *at, struct mdl_why *why)
{
	switch (opt->kind) {
	case MDL_OPT_FLAG:
		return set_flag(text, at);
	case MDL_OPT_UINT:
	case MDL_OPT_SIZE:
		return set_number(opt, text, at);
	case MDL_OPT_TIME:
		return mdl_time_parse(text, at);
	case MDL_OPT_RATIO:
		return mdl_ratio_parse(text, at);
	case MDL_OPT_TEXT:
		*(const char **)at = text;
		return MDL_OK;
	case MDL_OPT_CHOICE:
		return set_choice(opt, text, at);
	case MDL_OPT_ADDR:
		return mdl_addr_parse(text, at, why);
	case MDL_OPT_LIST:
		return set_list(opt, text, at);
	}
	return MDL_EINVAL;
}

/* "A from 1 to 64", without what is not bounded. */
static void bounds(const struct mdl_opt *opt, const char *what, char *out, size_t size)
{
	int n = snprintf(out, size, "%s from %" PRIu64, what, opt->min);
	if (opt->max != 0 && n > 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, " to %" PRIu64, opt->max);
}

static void choices(const struct mdl_opt *opt, char *out, size_t size)
{
	int n = snprintf(out, size, "one of");
	for (size_t i = 0; opt->choices[i] != NULL && n > 0 && (size_t)n < size; i++)
		n += snprintf(out + n, size - (size_t)n, " %s", opt->choices[i]);
}

/* What a value of this option looks like, for complaints. */
static void expectation(const struct mdl_opt *opt, char *out, size_t size)
{
	switch (opt->kind) {
	case MDL_OPT_FLAG:
		snprintf(out, size, "yes or no");
		break;
	case MDL_OPT_UINT:
		bounds(opt, "a number", out, size);
		break;
	case MDL_OPT_SIZE:
		bounds(opt, "a size as 512, 64k or 1M,", out, size);
		break;
	case MDL_OPT_TIME:
		snprintf(out, size, "a time as 250us, 20ms, 30s, 5m, 2h");
		break;
	case MDL_OPT_RATIO:
		snprintf(out, size, "a share as 2%%, 1/100 or 0.02");
		break;
	case MDL_OPT_CHOICE:
		choices(opt, out, size);
		break;
	case MDL_OPT_LIST:
		snprintf(out, size, "at most %d of them", MDL_STRINGS_MAX);
		break;
	case MDL_OPT_TEXT:
	case MDL_OPT_ADDR: /* these say it themselves */
		out[0] = 0;
	}
}

mdl_err mdl_opt_set(const struct mdl_opt *opt, const char *text, void *into, struct mdl_why *why)
{
	char what[256];
	mdl_err err = set(opt, text, (char *)into + opt->at, why);
	if (err == MDL_OK)
		return MDL_OK;
	if (opt->kind == MDL_OPT_ADDR) {
		mdl_why_prefix(why, "%s", opt->name);
		return err;
	}
	expectation(opt, what, sizeof(what));
	return mdl_fail(why, MDL_EINVAL, "%s: expected %s, not \"%.80s\"", opt->name, what, text);
}

mdl_err mdl_opts_preset(struct mdl_opts o, void *into, struct mdl_why *why)
{
	for (size_t i = 0; i < o.n; i++) {
		mdl_err err = o.v[i].preset == NULL
				      ? MDL_OK
				      : mdl_opt_set(&o.v[i], o.v[i].preset, into, why);
		if (err != MDL_OK)
			return err;
	}
	return MDL_OK;
}

static const struct mdl_opt *find(struct mdl_opts o, struct mdl_slice name)
{
	for (size_t i = 0; i < o.n; i++)
		if (mdl_slice_is(name, o.v[i].name))
			return &o.v[i];
	return NULL;
}

static const char *nearest(struct mdl_opts o, const char *name)
{
	const char *names[128];
	size_t n = 0;
	for (size_t i = 0; i < o.n && n + 1 < MDL_COUNT(names); i++)
		names[n++] = o.v[i].name;
	names[n] = NULL;
	return mdl_text_nearest(name, names);
}

static mdl_err set_scalar(const struct mdl_opt *opt, const struct mdl_conf *c, void *into,
			  struct mdl_why *why)
{
	struct mdl_why what;
	const char *text = mdl_conf_scalar(c);
	if (text == NULL)
		return mdl_conf_fail(c, why, "%s: expected one value", opt->name);
	if (mdl_opt_set(opt, text, into, &what) != MDL_OK)
		return mdl_conf_fail(c, why, "%s", what.text);
	return MDL_OK;
}

/* One value of a map: a scalar, or a list of scalars for options that take several. */
static mdl_err set_conf(const struct mdl_opt *opt, const struct mdl_conf *c, void *into,
			struct mdl_why *why)
{
	if (mdl_conf_kind(c) != MDL_CONF_LIST || opt->kind != MDL_OPT_LIST)
		return set_scalar(opt, c, into, why);
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < mdl_conf_count(c); i++)
		err = set_scalar(opt, mdl_conf_at(c, i), into, why);
	return err;
}

mdl_err mdl_opts_conf(struct mdl_opts o, const struct mdl_conf *map, void *into,
		      struct mdl_why *why)
{
	if (mdl_conf_kind(map) != MDL_CONF_MAP)
		return mdl_conf_fail(map, why, "expected keys and values");
	for (size_t i = 0; i < mdl_conf_count(map); i++) {
		const struct mdl_conf *c = mdl_conf_at(map, i);
		const char *key = mdl_conf_key(map, i);
		const struct mdl_opt *opt = find(o, mdl_slice_str(key));
		if (opt == NULL) {
			const char *near = nearest(o, key);
			return mdl_conf_fail_key(c, why, "unknown key \"%.60s\"%s%s%s", key,
						 near == NULL ? "" : "; did you mean ",
						 near == NULL ? "" : near, near == NULL ? "" : "?");
		}
		mdl_err err = set_conf(opt, c, into, why);
		if (err != MDL_OK)
			return err;
	}
	return MDL_OK;
}

/* Reading a command line: where we are, and where things go. */
struct argv_reader {
	struct mdl_opts o;
	int argc, i;
	char **argv;
	void *into;
	struct mdl_args *args;
	struct mdl_why *why;
};

/* `word` is the option without its value. */
static mdl_err unknown(struct argv_reader *r, struct mdl_slice word)
{
	char name[64];
	snprintf(name, sizeof(name), "%.*s", word.n < 60 ? (int)word.n : 60, (const char *)word.p);
	const char *near = strncmp(name, "--", 2) == 0 ? nearest(r->o, name + 2) : NULL;
	if (near != NULL)
		return mdl_fail(r->why, MDL_EINVAL, "%s: no such option; did you mean --%s?", name,
				near);
	return mdl_fail(r->why, MDL_EINVAL, "%s: no such option; see --help", name);
}

static mdl_err take_value(struct argv_reader *r, const struct mdl_opt *opt, const char *value)
{
	if (value == NULL && opt->kind == MDL_OPT_FLAG)
		value = "yes";
	if (value == NULL && r->i + 1 < r->argc)
		value = r->argv[++r->i];
	if (value == NULL)
		return mdl_fail(r->why, MDL_EINVAL, "--%s: expected %s behind it", opt->name,
				opt->arg);
	mdl_err err = mdl_opt_set(opt, value, r->into, r->why);
	if (err != MDL_OK && r->why != NULL) {
		struct mdl_why old = *r->why;
		mdl_fail(r->why, err, "--%.500s", old.text);
	}
	return err;
}

static mdl_err long_option(struct argv_reader *r, const char *word)
{
	const char *name = word + 2;
	const char *equals = strchr(name, '=');
	struct mdl_slice key =
		mdl_slice(name, equals == NULL ? strlen(name) : (size_t)(equals - name));
	const struct mdl_opt *opt = find(r->o, key);
	if (opt != NULL && !opt->file_only)
		return take_value(r, opt, equals == NULL ? NULL : equals + 1);
	if (strncmp(name, "no-", 3) == 0 && equals == NULL) {
		opt = find(r->o, mdl_slice_str(name + 3));
		if (opt != NULL && opt->kind == MDL_OPT_FLAG)
			return take_value(r, opt, "no");
	}
	return unknown(r, mdl_slice(word, key.n + 2));
}

static mdl_err short_option(struct argv_reader *r, const char *word)
{
	for (size_t i = 0; i < r->o.n; i++)
		if (r->o.v[i].letter == word[1])
			return take_value(r, &r->o.v[i], word[2] == 0 ? NULL : word + 2);
	return unknown(r, mdl_slice_str(word));
}

static mdl_err read_word(struct argv_reader *r, const char *word)
{
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		r->args->help = true;
		r->i = r->argc;
		return MDL_OK;
	}
	if (strncmp(word, "--", 2) == 0)
		return long_option(r, word);
	if (word[0] == '-' && word[1] != 0)
		return short_option(r, word);
	if (add_string(word, &r->args->words) != MDL_OK)
		return mdl_fail(r->why, MDL_EINVAL, "more than %d arguments", MDL_STRINGS_MAX);
	return MDL_OK;
}

mdl_err mdl_opts_argv(struct mdl_opts o, int argc, char **argv, void *into, struct mdl_args *args,
		      struct mdl_why *why)
{
	struct argv_reader r = { o, argc, 1, argv, into, args, why };
	memset(args, 0, sizeof(*args));
	args->argv = argv;
	for (; r.i < argc; r.i++) {
		if (strcmp(argv[r.i], "--") == 0) {
			args->after = argv + r.i + 1;
			return MDL_OK;
		}
		mdl_err err = read_word(&r, argv[r.i]);
		if (err != MDL_OK)
			return err;
	}
	return MDL_OK;
}

enum { HELP_COLUMN = 26, HELP_WIDTH = 80 };

/* "  -x, --name ARG" */
static mdl_err help_left(const struct mdl_opt *opt, struct mdl_buf *out)
{
	mdl_err err = opt->letter == 0 ? mdl_buf_printf(out, "      --%s", opt->name)
				       : mdl_buf_printf(out, "  -%c, --%s", opt->letter, opt->name);
	return err == MDL_OK && opt->arg != NULL ? mdl_buf_printf(out, " %s", opt->arg) : err;
}

/* Words from HELP_COLUMN on, where `column` columns of the line are taken already. */
static mdl_err help_right(const char *text, size_t column, struct mdl_buf *out)
{
	mdl_err err = MDL_OK;
	while (err == MDL_OK && *text != 0) {
		size_t n = strcspn(text, " ");
		bool full = column > HELP_COLUMN && column + 1 + n >= HELP_WIDTH;
		if (full || column == HELP_COLUMN) {
			err = mdl_buf_put(out, '\n');
			column = 0;
		}
		size_t gap = column < HELP_COLUMN ? HELP_COLUMN - column : 1;
		if (err == MDL_OK)
			err = mdl_buf_printf(out, "%*s%.*s", (int)gap, "", (int)n, text);
		column += gap + n;
		text += n + strspn(text + n, " ");
	}
	return err == MDL_OK ? mdl_buf_put(out, '\n') : err;
}

mdl_err mdl_opts_help(struct mdl_opts o, struct mdl_buf *out)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < o.n; i++) {
		const struct mdl_opt *opt = &o.v[i];
		if (opt->file_only)
			continue;
		size_t start = out->n;
		char text[512];
		bool preset = opt->preset != NULL;
		snprintf(text, sizeof(text), "%s%s%s%s", opt->help, preset ? " (" : "",
			 preset ? opt->preset : "", preset ? ")" : "");
		err = help_left(opt, out);
		size_t column = out->n - start;
		if (err == MDL_OK)
			err = help_right(text, column < HELP_COLUMN ? column : HELP_COLUMN, out);
	}
	return err;
}
