#include "support/scratch.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void scratch_open(struct scratch *s)
{
	snprintf(s->path, sizeof(s->path), "/tmp/meddle-test-XXXXXX");
	assert_non_null(mkdtemp(s->path));
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void scratch_close(struct scratch *s)
{
	assert_int_equal(nftw(s->path, drop, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *scratch_file(const struct scratch *s, const char *name)
{
	static char ring[8][2 * SCRATCH_PATH];
	static unsigned next;
	char *out = ring[next++ % 8];
	snprintf(out, sizeof(ring[0]), "%s/%s", s->path, name);
	return out;
}

void scratch_put(const struct scratch *s, const char *name, const char *text)
{
	FILE *f = fopen(scratch_file(s, name), "we");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}
