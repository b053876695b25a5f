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

static mdl_err set_list(const char *text, struct mdl_strings *out)
{
	if (out->n == MDL_STRINGS_MAX)
		return MDL_ELIMIT;
	out->v[out->n++] = text;
	return MDL_OK;
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
		return set_list(text, at);
	}
	return MDL_EINVAL;
}

/* What a value of this option looks like, for complaints. */
static void expectation(const struct mdl_opt *opt, char *out, size_t size)
{
	int n = 0;
	switch (opt->kind) {
	case MDL_OPT_FLAG:
		n = snprintf(out, size, "yes or no");
		break;
	case MDL_OPT_UINT:
	case MDL_OPT_SIZE:
		n = opt->max == 0 ? snprintf(out, size, "a number from %" PRIu64, opt->min)
				  : snprintf(out, size, "a number from %" PRIu64 " to %" PRIu64,
					     opt->min, opt->max);
		break;
	case MDL_OPT_TIME:
		n = snprintf(out, size, "a time as 250us, 20ms, 30s, 5m, 2h");
		break;
	case MDL_OPT_RATIO:
		n = snprintf(out, size, "a share as 2%%, 1/100 or 0.02");
		break;
	case MDL_OPT_CHOICE:
		n = snprintf(out, size, "one of");
		for (size_t i = 0; opt->choices[i] != NULL && n > 0 && (size_t)n < size; i++)
			n += snprintf(out + n, size - (size_t)n, " %s", opt->choices[i]);
		break;
	case MDL_OPT_LIST:
		n = snprintf(out, size, "at most %d of them", MDL_STRINGS_MAX);
		break;
	case MDL_OPT_TEXT:
	case MDL_OPT_ADDR:
		break;
	}
	if (n <= 0)
		snprintf(out, size, "something else");
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

/* One value of a map: a scalar, or a list of scalars for options that take several. */
static mdl_err set_conf(const struct mdl_opt *opt, const struct mdl_conf *c, void *into,
			struct mdl_why *why)
{
	struct mdl_why what;
	if (mdl_conf_kind(c) == MDL_CONF_LIST && opt->kind == MDL_OPT_LIST) {
		for (size_t i = 0; i < mdl_conf_count(c); i++) {
			mdl_err err = set_conf(opt, mdl_conf_at(c, i), into, why);
			if (err != MDL_OK)
				return err;
		}
		return MDL_OK;
	}
	const char *text = mdl_conf_scalar(c);
	if (text == NULL)
		return mdl_conf_fail(c, why, "%s: expected one value", opt->name);
	if (mdl_opt_set(opt, text, into, &what) != MDL_OK)
		return mdl_conf_fail(c, why, "%s", what.text);
	return MDL_OK;
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

static mdl_err unknown(struct argv_reader *r, const char *word, const char *name)
{
	const char *near = name == NULL ? NULL : nearest(r->o, name);
	if (near != NULL)
		return mdl_fail(r->why, MDL_EINVAL, "%.60s: no such option; did you mean --%s?",
				word, near);
	return mdl_fail(r->why, MDL_EINVAL, "%.60s: no such option; see --help", word);
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
	if (opt != NULL)
		return take_value(r, opt, equals == NULL ? NULL : equals + 1);
	if (strncmp(name, "no-", 3) == 0 && equals == NULL) {
		opt = find(r->o, mdl_slice_str(name + 3));
		if (opt != NULL && opt->kind == MDL_OPT_FLAG)
			return take_value(r, opt, "no");
	}
	return unknown(r, word, name);
}

static mdl_err short_option(struct argv_reader *r, const char *word)
{
	for (size_t i = 0; i < r->o.n; i++)
		if (r->o.v[i].letter == word[1])
			return take_value(r, &r->o.v[i], word[2] == 0 ? NULL : word + 2);
	return unknown(r, word, NULL);
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
	if (set_list(word, &r->args->words) != MDL_OK)
		return mdl_fail(r->why, MDL_EINVAL, "more than %d arguments", MDL_STRINGS_MAX);
	return MDL_OK;
}

mdl_err mdl_opts_argv(struct mdl_opts o, int argc, char **argv, void *into, struct mdl_args *args,
		      struct mdl_why *why)
{
	struct argv_reader r = { o, argc, 1, argv, into, args, why };
	memset(args, 0, sizeof(*args));
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

enum { HELP_COLUMN = 26 };

mdl_err mdl_opts_help(struct mdl_opts o, struct mdl_buf *out)
{
	for (size_t i = 0; i < o.n; i++) {
		const struct mdl_opt *opt = &o.v[i];
		char left[64], letter[8] = "    ";
		if (opt->letter != 0)
			snprintf(letter, sizeof(letter), "-%c, ", opt->letter);
		int n = snprintf(left, sizeof(left), "  %s--%s%s%s", letter, opt->name,
				 opt->arg == NULL ? "" : " ", opt->arg == NULL ? "" : opt->arg);
		bool wide = n >= HELP_COLUMN;
		mdl_err err =
			mdl_buf_printf(out, "%-*s%s%*s%s", HELP_COLUMN, left, wide ? "\n" : "",
				       wide ? HELP_COLUMN : 0, "", opt->help);
		if (err == MDL_OK && opt->preset != NULL)
			err = mdl_buf_printf(out, " (%s)", opt->preset);
		if (err == MDL_OK)
			err = mdl_buf_put(out, '\n');
		if (err != MDL_OK)
			return err;
	}
	return MDL_OK;
}
