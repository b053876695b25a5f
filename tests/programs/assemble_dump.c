/*
 * assemble_dump FILE: every message of a capture on a line, "port direction time flags hex" with
 * the client's port, sorted by flow; what was counted goes to standard error.
 * assemble_dump FILE write OUT: the traces as packets again, into another capture.
 * assemble_dump FILE time RUNS: the processor time a packet takes, over so many runs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/text.h"
#include "replay/assemble.h"
#include "replay/capture_write.h"

static mdl_err print_trace(const struct mdl_trace *t)
{
	struct mdl_buf line;
	mdl_buf_init(&line, MDL_BUF_MAX);
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < t->n; i++) {
		const struct mdl_msg *m = t->v[i];
		mdl_buf_cut(&line, 0);
		err = mdl_buf_printf(&line, "%u %c %" PRId64 " %u ", t->client.port,
				     m->dir == MDL_C2S ? '>' : '<', t->start + m->at, m->flags);
		if (err == MDL_OK)
			err = mdl_text_hex(&line, mdl_buf_slice(&m->bytes));
		puts(mdl_buf_text(&line));
	}
	mdl_buf_fini(&line);
	return err;
}

static mdl_err print_counts(const struct assemble_stats *s, const struct capture_stats *c)
{
	struct mdl_buf b;
	mdl_buf_init(&b, 1 << 16);
	mdl_err err = capture_say(c, &b);
	if (err == MDL_OK)
		err = mdl_buf_put(&b, '\n');
	if (err == MDL_OK)
		err = assemble_say(s, &b);
	fprintf(stderr, "%s\n", mdl_buf_text(&b));
	mdl_buf_fini(&b);
	return err;
}

static int dump(const char *path)
{
	struct assemble_conf conf = { 0 };
	struct assemble_stats s = { 0 };
	struct capture_stats c = { 0 };
	struct trace_list l;
	struct mdl_why why = { "" };
	mdl_err err = assemble_file(path, &conf, &l, &s, &c, &why);
	mdl_err printed = print_counts(&s, &c);
	for (size_t i = 0; printed == MDL_OK && i < l.n; i++)
		printed = print_trace(l.v[i]);
	trace_list_fini(&l);
	if (err != MDL_OK)
		fprintf(stderr, "%s\n", why.text);
	return err != MDL_OK || printed != MDL_OK;
}

static int write_again(const char *path, const char *to)
{
	struct assemble_conf conf = { 0 };
	struct trace_list l;
	struct capture_writer *w;
	struct mdl_why why = { "" };
	mdl_err err = assemble_file(path, &conf, &l, NULL, NULL, &why);
	mdl_err opened = err == MDL_OK ? capture_create(to, "written again", &w, &why) : err;
	err = opened;
	for (size_t i = 0; err == MDL_OK && i < l.n; i++)
		err = capture_write_trace(w, l.v[i]);
	if (opened == MDL_OK && err == MDL_OK)
		err = capture_finish(w, &why);
	trace_list_fini(&l);
	if (err != MDL_OK)
		fprintf(stderr, "%s\n", why.text);
	return err != MDL_OK;
}

static mdl_err count(void *ctx, struct assemble_flow *f, const struct assemble_msg *m)
{
	(void)f;
	*(uint64_t *)ctx += m->bytes.n;
	return MDL_OK;
}

static mdl_err stream(const char *path, uint64_t *packets)
{
	uint64_t bytes = 0;
	struct assemble_conf conf = { .on_message = count, .ctx = &bytes };
	struct capture *c;
	struct capture_packet p;
	struct mdl_why why;
	mdl_err err = capture_open(path, &c, &why);
	if (err != MDL_OK)
		return err;
	struct assemble *a = assemble_new(&conf);
	if (a == NULL)
		err = MDL_ENOMEM;
	while (err == MDL_OK && (err = capture_next(c, &p, &why)) == MDL_OK)
		err = assemble_packet(a, p.at, p.ip);
	*packets += capture_stats(c)->packets;
	assemble_free(a);
	capture_close(c);
	return err == MDL_ECLOSED ? MDL_OK : err;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int measure(const char *path, int runs)
{
	uint64_t packets = 0;
	mdl_err err = MDL_OK;
	double start = now();
	for (int i = 0; err == MDL_OK && i < runs; i++)
		err = stream(path, &packets);
	printf("%.1f ns a packet\n", (now() - start) / (double)(packets == 0 ? 1 : packets));
	return err != MDL_OK;
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return dump(argv[1]);
	if (argc == 4 && strcmp(argv[2], "write") == 0)
		return write_again(argv[1], argv[3]);
	if (argc == 4 && strcmp(argv[2], "time") == 0)
		return measure(argv[1], atoi(argv[3]));
	return 2;
}
