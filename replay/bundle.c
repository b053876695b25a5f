#include "replay/bundle.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "core/text.h"
#include "core/tracefmt.h"
#include "replay/capture_write.h"
#include "replay/files.h"

enum { PATH_SIZE = 4096, TEXT_MAX = 256 << 20, YAML_MAX = 1 << 20 };

/* ---- finding.yaml ---- */

static const struct mdl_opt keys[] = {
	{ "kind", 0, MDL_OPT_TEXT, offsetof(struct bundle_facts, kind), "WORD", "of finding" },
	{ "severity", 0, MDL_OPT_TEXT, offsetof(struct bundle_facts, severity), "WORD", "how bad" },
	{ "title", 0, MDL_OPT_TEXT, offsetof(struct bundle_facts, title), "TEXT", "in a sentence" },
	{ "signature", 0, MDL_OPT_TEXT, offsetof(struct bundle_facts, signature), "HEX",
	  "of the defect" },
	{ "protocol", 0, MDL_OPT_TEXT, offsetof(struct bundle_facts, protocol), "NAME", "spoken" },
	{ "to", 0, MDL_OPT_TEXT, offsetof(struct bundle_facts, to), "URI",
	  "of a target elsewhere" },
	{ "command", 0, MDL_OPT_LIST, offsetof(struct bundle_facts, command), "WORD",
	  "of the target" },
	{ "set", 0, MDL_OPT_LIST, offsetof(struct bundle_facts, settings), "P.O=V",
	  "protocol option" },
	{ "seed", 0, MDL_OPT_UINT, offsetof(struct bundle_facts, seed), "N", "of the campaign" },
	{ "case", 0, MDL_OPT_UINT, offsetof(struct bundle_facts, number), "N", "that showed it" },
	{ "entry", 0, MDL_OPT_UINT, offsetof(struct bundle_facts, entry), "N", "it was made of" },
	{ "repeat", 0, MDL_OPT_UINT, offsetof(struct bundle_facts, repeat), "N", "plays in a row",
	  "1" },
	{ "confirmed", 0, MDL_OPT_UINT, offsetof(struct bundle_facts, confirmed), "N", "times" },
	{ "tried", 0, MDL_OPT_UINT, offsetof(struct bundle_facts, tried), "N", "times" },
	{ "sandbox", 0, MDL_OPT_FLAG, offsetof(struct bundle_facts, sandbox), NULL, "own network" },
	{ "dir", 0, MDL_OPT_TEXT, offsetof(struct bundle_facts, dir), "DIR", "of the command" },
	{ "probe", 0, MDL_OPT_TEXT, offsetof(struct bundle_facts, probe), "HEX",
	  "that it answers" },
	{ "in-order", 0, MDL_OPT_FLAG, offsetof(struct bundle_facts, in_order), NULL,
	  "it handles one datagram after the other" },
	{ "half-close", 0, MDL_OPT_FLAG, offsetof(struct bundle_facts, half_close), NULL,
	  "it answers all of a stream that was ended" },
	{ "hang-after", 0, MDL_OPT_TIME, offsetof(struct bundle_facts, hang_after), "TIME",
	  "of silence", "1s" },
	{ "patience", 0, MDL_OPT_TIME, offsetof(struct bundle_facts, patience), "TIME",
	  "for an answer", "500ms" },
	{ "start", 0, MDL_OPT_TIME, offsetof(struct bundle_facts, start_max), "TIME",
	  "to get ready", "10s" },
};

/* What may stand in quotes as it is; YAML 1.1, sections 4.1 and 4.2, without what ends lines. */
static bool plain(uint32_t c)
{
	return (c >= 0x20 && c <= 0x7e && c != '"' && c != '\\') ||
	       (c >= 0xa0 && c <= 0xfffd && c != 0x2028 && c != 0x2029 && c != 0xfeff) ||
	       c >= 0x10000;
}

/* A double-quoted YAML scalar; bytes that are no UTF-8 become the characters of that number. */
static mdl_err put_quoted(struct mdl_buf *out, const char *text)
{
	mdl_err err = mdl_buf_put(out, '"');
	struct mdl_slice s = mdl_slice_str(text);
	while (err == MDL_OK && s.n > 0) {
		uint32_t c;
		size_t n = mdl_text_utf8(s, &c);
		if (n == 0)
			err = mdl_buf_printf(out, "\\x%02x", (unsigned)s.p[0]);
		else if (plain(c))
			err = mdl_buf_add(out, mdl_slice(s.p, n));
		else
			err = mdl_buf_printf(out, "\\U%08" PRIx32, c);
		s = mdl_slice_sub(s, n == 0 ? 1 : n, SIZE_MAX);
	}
	return err == MDL_OK ? mdl_buf_put(out, '"') : err;
}

static mdl_err put_text(struct mdl_buf *out, const char *key, const char *value)
{
	mdl_err err = value == NULL ? MDL_OK : mdl_buf_printf(out, "%s: ", key);
	if (err == MDL_OK && value != NULL)
		err = put_quoted(out, value);
	return err == MDL_OK && value != NULL ? mdl_buf_put(out, '\n') : err;
}

static mdl_err put_list(struct mdl_buf *out, const char *key, const struct mdl_strings *list)
{
	mdl_err err = list->n == 0 ? MDL_OK : mdl_buf_printf(out, "%s:\n", key);
	for (size_t i = 0; err == MDL_OK && i < list->n; i++) {
		err = mdl_buf_printf(out, "  - ");
		if (err == MDL_OK)
			err = put_quoted(out, list->v[i]);
		if (err == MDL_OK)
			err = mdl_buf_put(out, '\n');
	}
	return err;
}

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static mdl_err put_facts(struct mdl_buf *out, const struct bundle_facts *f)
{
	mdl_err err = put_text(out, "kind", f->kind);
	if (err == MDL_OK)
		err = put_text(out, "severity", f->severity);
	if (err == MDL_OK)
		err = put_text(out, "title", f->title);
	if (err == MDL_OK)
		err = put_text(out, "signature", f->signature);
	if (err == MDL_OK)
		err = put_text(out, "protocol", f->protocol);
	if (err == MDL_OK)
		err = put_text(out, "to", f->to);
	if (err == MDL_OK)
		err = put_list(out, "command", &f->command);
	if (err == MDL_OK)
		err = put_list(out, "set", &f->settings);
	if (err == MDL_OK)
		err = put_text(out, "dir", f->dir);
	if (err == MDL_OK)
		err = put_text(out, "probe", f->probe);
	if (err != MDL_OK)
		return err;
	return mdl_buf_printf(out,
			      "seed: %" PRIu64 "\ncase: %" PRIu64 "\nentry: %" PRIu64
			      "\nrepeat: %" PRIu64 "\nconfirmed: %" PRIu64 "\ntried: %" PRIu64
			      "\nsandbox: %s\nin-order: %s\nhalf-close: %s\nhang-after: %" PRId64
			      "ns\npatience: %" PRId64 "ns\nstart: %" PRId64 "ns\n",
			      f->seed, f->number, f->entry, f->repeat, f->confirmed, f->tried,
			      yes_no(f->sandbox), yes_no(f->in_order), yes_no(f->half_close),
			      f->hang_after, f->patience, f->start_max);
}

void bundle_facts_fini(struct bundle_facts *f)
{
	mdl_conf_free(f->pool);
	*f = (struct bundle_facts){ 0 };
}

/* ---- writing ---- */

static const char replay_sh[] = "#!/bin/sh\n"
				"# Plays this finding again: exit code 1 if it still happens, 0 if "
				"not, 2 if that cannot be told.\n"
				"exec \"${MEDDLE:-meddle}\" triage \"$@\" \"$(dirname \"$0\")\"\n";

static mdl_err put_file(const char *folder, const char *name, struct mdl_slice bytes,
			struct mdl_why *why)
{
	char path[PATH_SIZE];
	if (bytes.n == 0)
		return MDL_OK;
	if (!path_join(path, sizeof(path), folder, name))
		return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", folder);
	return file_write(path, bytes, strcmp(name, "replay.sh") == 0, why);
}

static mdl_err put_trace(const char *folder, const char *name, const struct mdl_trace *t,
			 struct mdl_why *why)
{
	struct mdl_buf text;
	if (t == NULL)
		return MDL_OK;
	mdl_buf_init(&text, TEXT_MAX);
	mdl_err err = mdl_trace_write(t, &text);
	err = err == MDL_OK ? put_file(folder, name, mdl_buf_slice(&text), why)
			    : mdl_fail(why, err, "%s/%s: %s", folder, name, mdl_err_text(err));
	mdl_buf_fini(&text);
	return err;
}

static void empty_folder(const char *folder)
{
	char path[PATH_SIZE];
	struct names names;
	if (folder_list(folder, &names, NULL) != MDL_OK)
		return;
	for (size_t i = 0; i < names.n; i++)
		if (path_join(path, sizeof(path), folder, names.v[i]))
			unlink(path);
	names_free(&names);
}

static mdl_err put_before(const char *folder, const struct bundle *b, struct mdl_why *why)
{
	char sub[PATH_SIZE], name[32];
	if (b->n_before == 0)
		return MDL_OK;
	if (!path_join(sub, sizeof(sub), folder, "before"))
		return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", folder);
	mdl_err err = folder_make(sub, why);
	if (err == MDL_OK)
		empty_folder(sub);
	for (size_t i = 0; err == MDL_OK && i < b->n_before; i++) {
		snprintf(name, sizeof(name), "%03zu.txt", i + 1);
		err = put_trace(sub, name, b->before[i], why);
	}
	return err;
}

static mdl_err put_pcap(const char *folder, const struct mdl_trace *t, struct mdl_why *why)
{
	char path[PATH_SIZE];
	struct capture_writer *w;
	if (t == NULL || t->n == 0)
		return MDL_OK;
	if (!path_join(path, sizeof(path), folder, "trace.pcapng"))
		return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", folder);
	mdl_err err = capture_create(path, "a finding of meddle", &w, why);
	if (err != MDL_OK)
		return err;
	mdl_err wrote = capture_write_trace(w, t);
	err = capture_finish(w, why);
	return err == MDL_OK && wrote != MDL_OK
		       ? mdl_fail(why, wrote, "%s: %s", path, mdl_err_text(wrote))
		       : err;
}

static mdl_err put_yaml(const char *folder, const struct bundle_facts *f, struct mdl_why *why)
{
	struct mdl_buf text;
	mdl_buf_init(&text, YAML_MAX);
	mdl_err err = put_facts(&text, f);
	err = err == MDL_OK ? put_file(folder, "finding.yaml", mdl_buf_slice(&text), why)
			    : mdl_fail(why, err, "%s: %s", folder, mdl_err_text(err));
	mdl_buf_fini(&text);
	return err;
}

/* It is written last. */
bool bundle_is(const char *folder)
{
	char path[PATH_SIZE];
	return path_join(path, sizeof(path), folder, "finding.yaml") && access(path, F_OK) == 0;
}

mdl_err bundle_write(const char *folder, const struct bundle *b, struct mdl_why *why)
{
	const struct {
		const char *name;
		const struct mdl_trace *trace;
	} traces[] = { { "trace.txt", b->trace },
		       { "original.txt", b->original },
		       { "seed.txt", b->seed },
		       { "answers.txt", b->said } };
	const struct {
		const char *name;
		struct mdl_slice bytes;
	} texts[] = { { "recipe.txt", b->recipe },
		      { "log.txt", b->log },
		      { "stack.txt", b->stack },
		      { "replay.sh", mdl_slice_str(replay_sh) } };
	mdl_err err = folder_make(folder, why);
	for (size_t i = 0; err == MDL_OK && i < MDL_COUNT(traces); i++)
		err = put_trace(folder, traces[i].name, traces[i].trace, why);
	for (size_t i = 0; err == MDL_OK && i < MDL_COUNT(texts); i++)
		err = put_file(folder, texts[i].name, texts[i].bytes, why);
	if (err == MDL_OK)
		err = put_before(folder, b, why);
	if (err == MDL_OK)
		err = put_pcap(folder, b->said, why);
	return err == MDL_OK ? put_yaml(folder, &b->facts, why) : err;
}

/* ---- reading ---- */

static mdl_err read_facts(const char *folder, struct bundle_facts *out, struct mdl_why *why)
{
	char path[PATH_SIZE];
	struct mdl_buf text;
	if (!path_join(path, sizeof(path), folder, "finding.yaml"))
		return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", folder);
	if (access(path, F_OK) != 0)
		return mdl_fail(why, MDL_ENOTFOUND, "%s: no finding.yaml in it; is it a finding?",
				folder);
	mdl_buf_init(&text, YAML_MAX);
	mdl_err err = file_read(path, &text, why);
	if (err == MDL_OK)
		err = mdl_conf_parse(mdl_buf_slice(&text), "finding.yaml", &out->pool, why);
	if (err == MDL_OK)
		err = mdl_opts_preset(MDL_OPTS(keys), out, why);
	if (err == MDL_OK)
		err = mdl_opts_conf(MDL_OPTS(keys), out->pool, out, why);
	mdl_buf_fini(&text);
	return err;
}

static mdl_err read_trace(const char *folder, const char *name, struct mdl_trace **out,
			  struct mdl_why *why)
{
	char path[PATH_SIZE];
	struct mdl_buf text;
	if (!path_join(path, sizeof(path), folder, name))
		return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", folder);
	mdl_buf_init(&text, TEXT_MAX);
	mdl_err err = file_read(path, &text, why);
	if (err == MDL_OK)
		err = mdl_trace_read(mdl_buf_slice(&text), path, out, why);
	mdl_buf_fini(&text);
	return err;
}

static mdl_err read_before(const char *folder, struct bundle_play *out, struct mdl_why *why)
{
	char sub[PATH_SIZE];
	struct names names;
	if (!path_join(sub, sizeof(sub), folder, "before") || !folder_is(sub))
		return MDL_OK;
	mdl_err err = folder_list(sub, &names, why);
	for (size_t i = 0; err == MDL_OK && i < names.n && out->n_before < BUNDLE_BEFORE_MAX; i++) {
		err = read_trace(sub, names.v[i], &out->before[out->n_before], why);
		out->n_before += err == MDL_OK;
	}
	names_free(&names);
	return err;
}

mdl_err bundle_read(const char *folder, struct bundle_play *out, struct mdl_why *why)
{
	memset(out, 0, sizeof(*out));
	mdl_err err = read_facts(folder, &out->facts, why);
	if (err == MDL_OK)
		err = read_trace(folder, "trace.txt", &out->trace, why);
	if (err == MDL_OK)
		err = read_before(folder, out, why);
	if (err != MDL_OK)
		bundle_play_fini(out);
	return err;
}

void bundle_play_fini(struct bundle_play *p)
{
	mdl_trace_free(p->trace);
	for (size_t i = 0; i < p->n_before; i++)
		mdl_trace_free(p->before[i]);
	bundle_facts_fini(&p->facts);
	memset(p, 0, sizeof(*p));
}
