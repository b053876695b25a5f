#include "replay/load.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/tracefmt.h"
#include "protocols/registry.h"
#include "replay/files.h"

enum { PATH_SIZE = 4096, TRACE_MAX = 256 << 20, FOLDERS_DEEP = 8, PROTOCOLS_MAX = 64 };

mdl_err trace_list_add(struct trace_list *l, struct mdl_trace *t)
{
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 64 : l->cap * 2;
		struct mdl_trace **v = reallocarray(l->v, cap, sizeof(struct mdl_trace *));
		if (v == NULL)
			return MDL_ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = t;
	return MDL_OK;
}

/* ---- one file ---- */

/* Traces say what they are in their first bytes; everything else is a capture. */
bool load_is_trace(const char *path)
{
	static const char magic[] = "meddle-trace";
	char first[sizeof(magic) - 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, first, sizeof(first));
	if (fd >= 0)
		close(fd);
	return n == (ssize_t)sizeof(first) && memcmp(first, magic, sizeof(first)) == 0;
}

static mdl_err load_trace(const char *path, struct trace_list *out, struct mdl_why *why)
{
	struct mdl_buf text;
	struct mdl_trace *t = NULL;
	mdl_buf_init(&text, TRACE_MAX);
	mdl_err err = file_read(path, &text, why);
	if (err == MDL_OK)
		err = mdl_trace_read(mdl_buf_slice(&text), path, &t, why);
	mdl_buf_fini(&text);
	if (err == MDL_OK && (err = trace_list_add(out, t)) != MDL_OK) {
		mdl_trace_free(t);
		mdl_fail(why, err, "%s: out of memory", path);
	}
	return err;
}

static void note_losses(const struct load_conf *conf, const char *path,
			const struct assemble_stats *s, const struct capture_stats *c)
{
	struct mdl_buf line;
	bool whole = s->cut == 0 && s->raw == 0 && !c->truncated && c->cut == 0;
	if (conf->on_note == NULL || (whole && c->ip == c->packets))
		return;
	mdl_buf_init(&line, 4096);
	mdl_err err = mdl_buf_printf(&line, "%s: ", path);
	if (err == MDL_OK)
		err = capture_say(c, &line);
	if (err == MDL_OK)
		err = mdl_buf_printf(&line, "; ");
	if (err == MDL_OK)
		err = assemble_say(s, &line);
	if (err == MDL_OK)
		conf->on_note(conf->ctx, mdl_buf_text(&line));
	mdl_buf_fini(&line);
}

static mdl_err load_capture(const char *path, const struct load_conf *conf, struct trace_list *out,
			    struct load_stats *stats, struct mdl_why *why)
{
	struct assemble_conf ac = { .proto = conf->proto, .settings = conf->settings };
	struct assemble_stats as;
	struct capture_stats cs;
	struct trace_list found = { 0 };
	mdl_err err = assemble_file(path, &ac, &found, &as, &cs, why);
	for (size_t i = 0; err == MDL_OK && i < found.n; i++) {
		if (trace_list_add(out, found.v[i]) == MDL_OK)
			found.v[i] = NULL;
		else
			err = mdl_fail(why, MDL_ENOMEM, "%s: out of memory", path);
	}
	if (err == MDL_OK) {
		note_losses(conf, path, &as, &cs);
		stats->packets += cs.packets;
		stats->lost += as.stream.lost;
	}
	trace_list_fini(&found);
	return err;
}

static mdl_err load_file(const char *path, const struct load_conf *conf, struct trace_list *out,
			 struct load_stats *stats, struct mdl_why *why)
{
	struct mdl_why problem = { "" };
	bool trace = strcmp(path, "-") != 0 && load_is_trace(path);
	stats->files++;
	mdl_err err = trace ? load_trace(path, out, &problem)
			    : load_capture(path, conf, out, stats, &problem);
	if (err == MDL_OK || err == MDL_ENOMEM || conf->on_bad == NULL)
		return err == MDL_OK ? MDL_OK : mdl_fail(why, err, "%s", problem.text);
	conf->on_bad(conf->ctx, &problem);
	return MDL_OK;
}

/* ---- folders ---- */

static bool wanted(const char *name)
{
	static const char *const endings[] = { ".pcap", ".pcapng", ".cap", ".trace" };
	size_t n = strlen(name);
	for (size_t i = 0; i < MDL_COUNT(endings); i++) {
		size_t e = strlen(endings[i]);
		if (n > e && strcmp(name + n - e, endings[i]) == 0)
			return true;
	}
	return false;
}

static mdl_err load_folder(const char *path, unsigned depth, const struct load_conf *conf,
			   struct trace_list *out, struct load_stats *stats, struct mdl_why *why)
{
	struct names names;
	char inner[PATH_SIZE];
	mdl_err err = folder_list(path, &names, why);
	if (err != MDL_OK)
		return err;
	for (size_t i = 0; err == MDL_OK && i < names.n; i++) {
		if (!path_join(inner, sizeof(inner), path, names.v[i]))
			err = mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", path);
		else if (folder_is(inner) && depth < FOLDERS_DEEP)
			err = load_folder(inner, depth + 1, conf, out, stats, why);
		else if (wanted(names.v[i]))
			err = load_file(inner, conf, out, stats, why);
	}
	names_free(&names);
	return err;
}

mdl_err load_path(const char *path, const struct load_conf *conf, struct trace_list *out,
		  struct load_stats *stats, struct mdl_why *why)
{
	return folder_is(path) ? load_folder(path, 0, conf, out, stats, why)
			       : load_file(path, conf, out, stats, why);
}

mdl_err load_paths(const struct mdl_strings *paths, const struct load_conf *conf,
		   struct trace_list *out, struct load_stats *stats, struct mdl_why *why)
{
	mdl_err err = MDL_OK;
	memset(stats, 0, sizeof(*stats));
	for (size_t i = 0; err == MDL_OK && i < paths->n; i++)
		err = load_path(paths->v[i], conf, out, stats, why);
	if (err == MDL_OK && stats->files == 0)
		err = mdl_fail(why, MDL_ENOTFOUND,
			       "%s: no captures (.pcap, .pcapng, .cap) and no traces (.trace) in "
			       "this folder",
			       paths->n == 0 ? "-" : paths->v[0]);
	else if (err == MDL_OK && out->n == 0)
		err = mdl_fail(
			why, MDL_ENOTFOUND,
			"%s%s: no conversation in %zu files, %llu packets; are they captures of "
			"UDP or TCP?",
			paths->n == 0 ? "-" : paths->v[0], paths->n > 1 ? " and others" : "",
			stats->files, (unsigned long long)stats->packets);
	return err;
}

const struct mdl_protocol *load_majority(const struct trace_list *l)
{
	const struct mdl_protocol *const *all = mdl_protocols(), *best = NULL;
	size_t most = 0;
	for (size_t p = 0; all[p] != NULL && l->n > 0; p++) {
		size_t n = 0;
		for (size_t i = 0; i < l->n; i++)
			n += strcmp(l->v[i]->proto, all[p]->name) == 0;
		bool raw = all[p] == &mdl_raw;
		if (best == NULL || best == &mdl_raw ? n > 0 || raw : n > most && !raw) {
			best = all[p];
			most = n;
		}
	}
	return best;
}
