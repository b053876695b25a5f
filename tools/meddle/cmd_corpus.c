/* meddle corpus: conversations kept as a folder of traces. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "protocols/registry.h"
#include "replay/corpus_min.h"
#include "replay/corpus_move.h"
#include "replay/files.h"
#include "tools/meddle/command.h"
#include "tools/meddle/corpus_list.h"

struct options {
	bool json, in_place;
	const char *out, *protocol;
	struct mdl_strings settings;
};

/* ---- what all verbs say ---- */

static void say_note(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "meddle: %s\n", line);
}

static void say_bad(void *ctx, const struct mdl_why *why)
{
	size_t *bad = ctx;
	if (bad != NULL)
		++*bad;
	fprintf(stderr, "meddle: left out: %s\n", why->text);
}

static const struct corpus_hooks hooks = { .note = say_note, .bad = say_bad };

static int print_json(json_t *j)
{
	char *text = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);
	if (text != NULL)
		puts(text);
	free(text);
	json_decref(j);
	return text == NULL ? trouble_text("out of memory") : EXIT_FINE;
}

/* Nothing came of it: trouble; something was left out: 1. */
static int code_of(size_t good, size_t bad)
{
	return bad == 0 ? EXIT_FINE : good == 0 ? EXIT_TROUBLE : EXIT_FOUND;
}

static int say_counts(const struct options *o, const struct corpus_counts *c, const char *corpus)
{
	int code = code_of(c->added + c->known + c->mute, c->bad);
	if (o->json) {
		int printed =
			print_json(json_pack("{s:I, s:I, s:I, s:I}", "new", (json_int_t)c->added,
					     "known", (json_int_t)c->known, "mute",
					     (json_int_t)c->mute, "bad", (json_int_t)c->bad));
		return printed != EXIT_FINE ? printed : code;
	}
	printf("%s: %zu new, %zu known", corpus, c->added, c->known);
	if (c->mute > 0)
		printf(", %zu left out that have no message of a client", c->mute);
	if (c->bad > 0)
		printf(", %zu left out that cannot be read", c->bad);
	putchar('\n');
	return code;
}

/* ---- import and merge ---- */

static int import(const struct options *o, const struct mdl_strings *w)
{
	struct corpus_place to;
	struct corpus_counts c;
	struct mdl_why why;
	struct mdl_strings *paths = calloc(1, sizeof(*paths));
	struct load_conf lc = { .settings = &o->settings };
	if (paths == NULL)
		return trouble_text("out of memory");
	for (size_t i = 1; i < w->n; i++)
		paths->v[paths->n++] = w->v[i];
	mdl_err err = MDL_OK;
	if (o->protocol != NULL && (lc.proto = mdl_protocol_find(o->protocol)) == NULL)
		err = mdl_fail(&why, MDL_EINVAL,
			       "corpus: no protocol \"%.40s\"; see meddle list protocols",
			       o->protocol);
	if (err == MDL_OK)
		err = corpus_make(w->v[0], &to, &why);
	if (err == MDL_OK)
		err = corpus_import(&to, paths, &lc, &hooks, &c, &why);
	free(paths);
	return err == MDL_OK ? say_counts(o, &c, w->v[0]) : trouble(&why);
}

static mdl_err merge_all(const struct corpus_place *to, const struct mdl_strings *w,
			 struct corpus_counts *c, struct mdl_why *why)
{
	struct corpus_place from;
	mdl_err err = MDL_OK;
	for (size_t i = 1; err == MDL_OK && i < w->n; i++)
		err = corpus_find(w->v[i], &from, why);
	for (size_t i = 1; err == MDL_OK && i < w->n; i++) {
		err = corpus_find(w->v[i], &from, why);
		if (err == MDL_OK)
			err = corpus_merge(to, &from, &hooks, c, why);
	}
	return err;
}

static int merge(const struct options *o, const struct mdl_strings *w)
{
	struct corpus_place to;
	struct corpus_counts c = { 0 };
	struct mdl_why why;
	mdl_err err = corpus_make(w->v[0], &to, &why);
	if (err == MDL_OK)
		err = merge_all(&to, w, &c, &why);
	return err == MDL_OK ? say_counts(o, &c, w->v[0]) : trouble(&why);
}

/* ---- list ---- */

static int list(const struct options *o, const struct mdl_strings *w)
{
	struct corpus_place p;
	struct corpus_list l = { .json = o->json };
	struct mdl_why why;
	char size[MDL_SIZE_TEXT];
	interruptible();
	mdl_err err = corpus_find(w->v[0], &p, &why);
	if (err == MDL_OK)
		err = corpus_list(&p, &l, &why);
	if (err == MDL_EINTERRUPTED)
		return EXIT_FINE;
	if (err != MDL_OK)
		return trouble(&why);
	print_now();
	if (!o->json)
		fprintf(stderr, "%zu entries, %s bytes\n", l.entries, mdl_size_text(l.bytes, size));
	if (l.bad > 0 && !o->json)
		fprintf(stderr, "%zu cannot be read%s\n", l.bad,
			p.campaign ? "" : "; remove those files and import their captures again");
	return code_of(l.entries, l.bad);
}

/* ---- export ---- */

static bool ends_with(const char *path, const char *ending)
{
	size_t n = strlen(path), e = strlen(ending);
	return n > e && strcmp(path + n - e, ending) == 0;
}

static bool is_capture(const char *path)
{
	return strcmp(path, "-") == 0 || ends_with(path, ".pcap") || ends_with(path, ".pcapng");
}

static int export(const struct options *o, const struct mdl_strings *w)
{
	struct corpus_place from, to;
	struct corpus_counts c = { 0 };
	struct mdl_why why;
	const char *path = w->v[1];
	bool capture = is_capture(path);
	mdl_err err = corpus_find(w->v[0], &from, &why);
	if (err == MDL_OK && capture)
		err = corpus_export(&from, path, &hooks, &c, &why);
	else if (err == MDL_OK && (err = corpus_make(path, &to, &why)) == MDL_OK)
		err = corpus_merge(&to, &from, &hooks, &c, &why);
	if (err != MDL_OK)
		return trouble(&why);
	if (!capture)
		return say_counts(o, &c, path);
	fprintf(strcmp(path, "-") == 0 ? stderr : stdout, "%s: %zu conversations\n", path, c.added);
	return code_of(c.added, c.bad);
}

/* ---- min ---- */

static json_t *min_json(const struct corpus_min *m)
{
	json_t *names = json_array();
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].keep)
			json_array_append_new(names, json_string(m->v[i].name));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "entries", (json_int_t)m->n, "kept",
			 (json_int_t)m->kept, "bytes", (json_int_t)m->bytes, "kept_bytes",
			 (json_int_t)m->kept_bytes, "features", (json_int_t)m->features, "names",
			 names);
}

static int say_min(const struct options *o, const struct corpus_min *m)
{
	char all[MDL_SIZE_TEXT], kept[MDL_SIZE_TEXT];
	if (o->json)
		return print_json(min_json(m));
	for (size_t i = 0; i < m->n && o->out == NULL && !o->in_place; i++)
		if (m->v[i].keep)
			puts(m->v[i].name);
	print_now();
	fprintf(stderr, "%zu of %zu entries, %s of %s bytes, show all of %zu features%s\n", m->kept,
		m->n, mdl_size_text(m->kept_bytes, kept), mdl_size_text(m->bytes, all), m->features,
		o->out == NULL && !o->in_place ? "; -o DIR writes them to a corpus" : "");
	return EXIT_FINE;
}

static mdl_err write_kept(const struct corpus_place *from, const struct corpus_min *m,
			  const char *out, struct mdl_why *why)
{
	struct corpus_place to;
	mdl_err err = corpus_make(out, &to, why);
	for (size_t i = 0; err == MDL_OK && i < m->n; i++) {
		struct mdl_trace *t;
		bool added;
		if (!m->v[i].keep)
			continue;
		err = corpus_load(from->folder, m->v[i].name, &t, why);
		if (err != MDL_OK)
			break;
		err = corpus_add(to.folder, t, &added, why);
		mdl_trace_free(t);
	}
	return err;
}

static int min(const struct options *o, const struct mdl_strings *w)
{
	struct corpus_place p;
	struct corpus_min m = { 0 };
	struct mdl_why why;
	size_t bad = 0;
	mdl_err err = corpus_find(w->v[0], &p, &why);
	if (err == MDL_OK && p.campaign && o->in_place)
		err = mdl_fail(&why, MDL_EINVAL,
			       "%s: a campaign, whose book needs all its entries; give -o DIR "
			       "instead of --in-place",
			       w->v[0]);
	if (err == MDL_OK)
		err = corpus_min(&p, say_bad, &bad, &m, &why);
	if (err == MDL_OK && o->out != NULL)
		err = write_kept(&p, &m, o->out, &why);
	if (err == MDL_OK && o->in_place)
		err = corpus_drop(&p, &m, &why);
	int code = err == MDL_OK ? say_min(o, &m) : trouble(&why);
	if (code == EXIT_FINE)
		code = code_of(m.n, bad);
	corpus_min_fini(&m);
	return code;
}

/* ---- verbs ---- */

enum { HAS_JSON = 1, HAS_OUT = 2, HAS_PROTOCOL = 4 };

static const struct verb {
	const char *name, *words;
	size_t least, most;
	unsigned options;
	int (*run)(const struct options *o, const struct mdl_strings *words);
} verbs[] = {
	{ "import", "CORPUS FILE|DIR...", 2, MDL_STRINGS_MAX, HAS_JSON | HAS_PROTOCOL, import },
	{ "list", "CORPUS|CAMPAIGN", 1, 1, HAS_JSON, list },
	{ "merge", "CORPUS CORPUS|CAMPAIGN...", 2, MDL_STRINGS_MAX, HAS_JSON, merge },
	{ "export", "CORPUS|CAMPAIGN FILE.pcap|FILE.pcapng|DIR|-", 2, 2, HAS_JSON, export },
	{ "min", "CORPUS|CAMPAIGN [-o DIR | --in-place]", 1, 1, HAS_JSON | HAS_OUT, min },
};

static int unknown_verb(const char *word)
{
	const char *names[MDL_COUNT(verbs) + 1] = { NULL };
	for (size_t i = 0; i < MDL_COUNT(verbs); i++)
		names[i] = verbs[i].name;
	const char *near = mdl_text_nearest(word, names);
	return trouble_text("corpus: cannot \"%.40s\"; %s%s", word,
			    near == NULL ? "there are import, list, merge, export, min"
					 : "did you mean ",
			    near == NULL ? "" : near);
}

static const char *foreign_option(const struct verb *v, const struct options *o)
{
	if ((v->options & HAS_OUT) == 0 && o->out != NULL)
		return "--out";
	if ((v->options & HAS_OUT) == 0 && o->in_place)
		return "--in-place";
	if ((v->options & HAS_PROTOCOL) == 0 && o->protocol != NULL)
		return "--protocol";
	return (v->options & HAS_PROTOCOL) == 0 && o->settings.n > 0 ? "--set" : NULL;
}

static int run_verb(const struct verb *v, const struct options *o, const struct mdl_args *args)
{
	struct mdl_strings *rest = calloc(1, sizeof(*rest));
	int code;
	for (size_t i = 1; rest != NULL && i < args->words.n; i++)
		rest->v[rest->n++] = args->words.v[i];
	const char *foreign = foreign_option(v, o);
	if (rest == NULL)
		code = trouble_text("out of memory");
	else if (rest->n < v->least || rest->n > v->most)
		code = trouble_text("usage: meddle corpus %s %s", v->name, v->words);
	else if (foreign != NULL)
		code = trouble_text("corpus %s: takes no %s", v->name, foreign);
	else if (o->out != NULL && o->in_place)
		code = trouble_text("corpus %s: -o and --in-place exclude each other", v->name);
	else
		code = v->run(o, rest);
	free(rest);
	return code;
}

static int run(void *options, const struct mdl_args *args)
{
	if (args->words.n == 0)
		return trouble_text("corpus: say what to do: import, list, merge, export, min");
	for (size_t i = 0; i < MDL_COUNT(verbs); i++)
		if (strcmp(verbs[i].name, args->words.v[0]) == 0)
			return run_verb(&verbs[i], options, args);
	return unknown_verb(args->words.v[0]);
}

static const struct mdl_opt rows[] = {
	{ "out", 'o', MDL_OPT_TEXT, offsetof(struct options, out), "DIR",
	  "min: a corpus that gets the entries worth keeping" },
	{ "in-place", 0, MDL_OPT_FLAG, offsetof(struct options, in_place), NULL,
	  "min: removes the others from the corpus" },
	{ "protocol", 'p', MDL_OPT_TEXT, offsetof(struct options, protocol), "NAME",
	  "import: what the captures speak (found out)" },
	{ "set", 0, MDL_OPT_LIST, offsetof(struct options, settings), "P.O=V",
	  "import: option O of protocol P" },
	{ "json", 'j', MDL_OPT_FLAG, offsetof(struct options, json), NULL, "for machines" },
};

const struct command command_corpus = {
	.name = "corpus",
	.summary = "conversations as a folder of traces: import, list, merge, export, min",
	.usage = "import|list|merge|export|min CORPUS ... [options]",
	.about = "A corpus is a folder of traces as text, each named by the hash of what it says. "
		 "The\n"
		 "folder of a campaign can stand where one is read.\n"
		 "\n"
		 "  import CORPUS FILE|DIR...     adds the conversations of captures and traces\n"
		 "  list CORPUS|CAMPAIGN          a line an entry; of a campaign also what it came "
		 "of\n"
		 "  merge CORPUS CORPUS...        adds all entries of the others to the first\n"
		 "  export CORPUS|CAMPAIGN FILE   to a capture (.pcap, .pcapng, - for pcapng to\n"
		 "                                standard output), each conversation from a port "
		 "of\n"
		 "                                its own; or to a folder of traces\n"
		 "  min CORPUS|CAMPAIGN           the fewest and shortest entries that together "
		 "show\n"
		 "                                every feature that the campaign saw, or, where\n"
		 "                                nothing was played yet, every kind of message; "
		 "changes\n"
		 "                                nothing unless asked\n"
		 "\n"
		 "Exit code: 0 fine, 1 some files or entries could not be read, 2 trouble.",
	.examples = "  meddle corpus import seeds pcaps/dns\n"
		    "  meddle corpus list seeds | sort -k 6n\n"
		    "  meddle corpus merge seeds run1 run2\n"
		    "  meddle corpus min run1 -o small && meddle fuzz small --to 127.0.0.1:5353\n"
		    "  meddle corpus export run1 - | tshark -r - -Y dns\n",
	.opts = { rows, MDL_COUNT(rows) },
	.size = sizeof(struct options),
	.run = run,
};
