/*
 * Options are taken apart in a working memory, which is forgotten if an option claims to be longer
 * than what is left.
 */
#include "behaviour.h"
#include "bugs.h"

#include <stdlib.h>
#include <string.h>

enum { WORKING_MEMORY = 8192 };

static bool options(struct reader *r, struct edns *e)
{
	uint8_t *memory = malloc(WORKING_MEMORY);
	if (memory == NULL || r->n > WORKING_MEMORY) {
		free(memory);
		return false;
	}
	memset(memory, 0, WORKING_MEMORY);
	memcpy(memory, r->p, r->n);
	struct reader copy = { .p = memory, .n = r->n };
	bool good = options_clean(&copy, e);
	if (copy.bad)
		return false;
	free(memory);
	return good;
}

void plant_leak(void)
{
	act.options = options;
}
