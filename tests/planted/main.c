/* A small DNS server with the bugs one asks for; see README.md. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "behaviour.h"
#include "server.h"
#include "update.h"

struct behaviour act = {
	.read_name = read_name_clean,
	.receive = receive_clean,
	.release = release_clean,
	.options = options_clean,
	.subnet = subnet_clean,
	.cookie = cookie_clean,
	.query = query_clean,
	.transfer = transfer_clean,
	.notify = notify_clean,
	.update = update_clean,
	.hang_up = hang_up_clean,
};

static void usage(FILE *out)
{
	fputs("usage: planted_dns [--port N] [--bug NAME]...\n\n"
	      "Serves a few zones on 127.0.0.1, UDP and TCP, with the bugs that are named:\n\n",
	      out);
	for (const struct bug *b = bugs; b->name != NULL; b++)
		fprintf(out, "  %-14s%s\n", b->name, b->summary);
}

static bool plant(const char *name)
{
	for (const struct bug *b = bugs; b->name != NULL; b++)
		if (strcmp(b->name, name) == 0) {
			b->plant();
			return true;
		}
	return false;
}

static bool read_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);
	*port = (uint16_t)v;
	return *text != 0 && *end == 0 && v <= UINT16_MAX;
}

static bool read_options(int argc, char **argv, uint16_t *port)
{
	static const struct option options[] = { { "port", required_argument, NULL, 'p' },
						 { "bug", required_argument, NULL, 'b' },
						 { "help", no_argument, NULL, 'h' },
						 { NULL, 0, NULL, 0 } };
	for (int c = 0; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'h') {
			usage(stdout);
			exit(EXIT_SUCCESS);
		}
		if (c == '?' || (c == 'p' ? !read_port(optarg, port) : !plant(optarg)))
			return false;
	}
	return optind == argc;
}

int main(int argc, char **argv)
{
	uint16_t port = 0;
	if (!read_options(argc, argv, &port)) {
		usage(stderr);
		return 2;
	}
	zones_load();
	uint16_t got = server_open(port);
	if (got == 0) {
		perror("planted_dns: 127.0.0.1");
		return EXIT_FAILURE;
	}
	printf("listening on %u\n", got);
	fflush(stdout);
	server_run();
	server_close();
	return EXIT_SUCCESS;
}
