/*
 * bench_mutate COUNT FILE...: makes COUNT cases of the conversations in FILE..., as a campaign does,
 * and writes the messages of each to standard output: choices drawn, done, repaired, written.
 */
#include <stdio.h>
#include <stdlib.h>

#include "replay/load.h"
#include "replay/maker.h"

static void die(const char *what)
{
	fprintf(stderr, "bench_mutate: %s\n", what);
	exit(1);
}

static struct maker *maker_of(char **paths, size_t n)
{
	struct mdl_why why = { "" };
	struct mdl_strings list = { .n = n };
	struct load_conf lc = { 0 };
	struct load_stats stats;
	struct trace_list l = { 0 };
	struct maker *m;
	for (size_t i = 0; i < n; i++)
		list.v[i] = paths[i];
	if (load_paths(&list, &lc, &l, &stats, &why) != MDL_OK)
		die(why.text);
	struct maker_conf mc = { .proto = load_majority(&l), .seed = 1 };
	if (maker_new(&mc, &m, &why) != MDL_OK)
		die(why.text);
	for (size_t i = 0; i < l.n; i++) {
		if (strcmp(l.v[i]->proto, mc.proto->name) != 0)
			continue;
		if (maker_add(m, l.v[i]) != MDL_OK)
			die("out of memory");
		l.v[i] = NULL;
	}
	trace_list_fini(&l);
	return m;
}

int main(int argc, char **argv)
{
	if (argc < 3 || argc > MDL_STRINGS_MAX)
		die("COUNT FILE...");
	unsigned long count = strtoul(argv[1], NULL, 10), messages = 0, bytes = 0;
	struct maker *m = maker_of(argv + 2, (size_t)argc - 2);
	for (unsigned long i = 0; i < count; i++) {
		struct made made;
		if (maker_make(m, i, 0, &made) != MDL_OK)
			die("out of memory");
		for (size_t k = 0; k < made.trace->n; k++) {
			const struct mdl_buf *b = &made.trace->v[k]->bytes;
			bytes += fwrite(b->p, 1, b->n, stdout);
			messages++;
		}
		mdl_trace_free(made.trace);
	}
	fprintf(stderr, "%lu cases, %lu messages, %lu bytes\n", count, messages, bytes);
	maker_free(m);
	return 0;
}
