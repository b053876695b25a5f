/*
 * What people write in one word: addresses, times, sizes, shares, quoted text, and command lines.
 * What can be read is written so that it reads the same.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/text.h"
#include "support/all_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void addresses(const char *text)
{
	struct mdl_addr a, back;
	struct mdl_inet in, in_back;
	struct mdl_why why = { "" };
	struct mdl_buf b;
	char inet[MDL_INET_TEXT];
	mdl_buf_init(&b, MDL_BUF_MAX);
	mdl_err err = mdl_addr_parse(text, &a, &why);
	assert((err == MDL_OK) == (why.text[0] == 0));
	if (err == MDL_OK) {
		err = mdl_addr_text(&a, &b);
		assert(err == MDL_OK);
		err = mdl_addr_parse(mdl_buf_text(&b), &back, NULL);
		assert(err == MDL_OK && memcmp(&a, &back, sizeof(a)) == 0);
	}
	if (mdl_inet_parse(text, &in) == MDL_OK) {
		err = mdl_inet_parse(mdl_inet_text(&in, inet), &in_back);
		assert(err == MDL_OK && mdl_inet_eq(&in, &in_back));
	}
	mdl_buf_fini(&b);
}

static void numbers(const char *text)
{
	mdl_time t, again;
	double share;
	uint64_t n;
	char out[MDL_TIME_TEXT];
	if (mdl_time_parse(text, &t) == MDL_OK) {
		assert(t >= 0 && t != MDL_NEVER);
		mdl_err err = mdl_time_parse(mdl_time_text(t, out), &again);
		assert(err == MDL_OK);
	}
	if (mdl_ratio_parse(text, &share) == MDL_OK)
		assert(share >= 0 && share <= 1);
	if (mdl_uint_parse(text, &n) == MDL_OK) {
		uint64_t as_size;
		mdl_err err = mdl_size_parse(text, &as_size);
		assert(strlen(text) > 24 || (err == MDL_OK && as_size == n));
	}
}

static void bytes(struct mdl_slice s)
{
	struct mdl_buf text, back;
	mdl_buf_init(&text, MDL_BUF_MAX);
	mdl_buf_init(&back, MDL_BUF_MAX);
	mdl_err err = mdl_text_quote(&text, s);
	assert(err == MDL_OK);
	err = mdl_text_unquote(&back, mdl_buf_slice(&text));
	assert(err == MDL_OK && mdl_slice_eq(mdl_buf_slice(&back), s));
	mdl_buf_cut(&back, 0);
	if (mdl_text_unquote(&back, s) == MDL_OK)
		assert(back.n + 2 <= s.n);
	mdl_buf_cut(&back, 0);
	if (mdl_text_unhex(&back, s) == MDL_OK)
		assert(back.n == s.n / 2);
	mdl_buf_fini(&text);
	mdl_buf_fini(&back);
}

enum { ARGS_MAX = 32 };

/* Each line is a word of a command line. */
static void command_line(char *text)
{
	char *argv[ARGS_MAX + 1] = { text };
	int argc = 1;
	struct mdl_args args;
	struct mdl_why why = { "" };
	struct all *a = calloc(1, sizeof(*a));
	mdl_err err = mdl_opts_preset(table, a, NULL);
	assert(err == MDL_OK);
	for (char *line = strtok(text, "\n"); line != NULL && argc < ARGS_MAX;
	     line = strtok(NULL, "\n"))
		argv[argc++] = line;
	err = mdl_opts_argv(table, argc, argv, a, &args, &why);
	assert(err == MDL_OK || err == MDL_EINVAL);
	assert((err == MDL_OK) == (why.text[0] == 0));
	assert(a->workers >= 1 && a->workers <= 64 && a->mode <= 2);
	assert(args.words.n + a->also.n + a->only.n <= ARGS_MAX);
	free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = 0;
	bytes(mdl_slice(data, size));
	addresses(text);
	numbers(text);
	command_line(text);
	free(text);
	return 0;
}
