/** A folder of the test's own below /tmp, removed with all that is in it. */
#pragma once

enum { SCRATCH_PATH = 256 };

struct scratch {
	char path[SCRATCH_PATH];
};

void scratch_open(struct scratch *s);
void scratch_close(struct scratch *s);
/** "path/name"; good until the next call but seven. */
const char *scratch_file(const struct scratch *s, const char *name);
/** Writes a file there as it stands. */
void scratch_put(const struct scratch *s, const char *name, const char *text);
