/*
 * Bytes as a capture file: every packet lies in memory that may be read, times are sane, numbers
 * rise, and there are never more packets than the file has room for.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "replay/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t touched;

static void check(const struct capture_packet *p, uint64_t before, size_t size)
{
	assert(p->at >= 0 && p->at <= INT64_MAX / 2);
	assert(p->ip.n > 0 && p->ip.n <= p->captured && p->captured <= size);
	assert(p->number > before && p->number <= size);
	assert(p->cut == (p->captured < p->length));
	touched ^= mdl_hash(p->ip, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capture *c;
	struct capture_packet p;
	struct mdl_why why = { "" };
	struct mdl_buf line;
	uint64_t before = 0;
	uint8_t *copy = malloc(size + 1);
	FILE *f = copy == NULL || size == 0 ? NULL : fmemopen(copy, size, "r");
	if (f == NULL) {
		free(copy);
		return 0;
	}
	memcpy(copy, data, size);
	mdl_err err = capture_open_stream(f, "x", &c, &why);
	if (err == MDL_OK) {
		while ((err = capture_next(c, &p, &why)) == MDL_OK) {
			check(&p, before, size);
			before = p.number;
		}
		mdl_buf_init(&line, 1 << 16);
		mdl_err said = capture_say(capture_stats(c), &line);
		assert(said == MDL_OK && line.n > 0);
		mdl_buf_fini(&line);
		capture_close(c);
	}
	assert(err != MDL_OK && (err == MDL_ECLOSED || why.text[0] != 0));
	free(copy);
	return 0;
}
