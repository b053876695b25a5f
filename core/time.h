/** Time is a number that is handed in: nanoseconds, since whatever the caller counts from. */
#pragma once

#include "core/err.h"
#include "core/slice.h"

typedef int64_t mdl_time; /* a moment, or an interval */

#define MDL_NEVER INT64_MAX
#define MDL_US	  ((mdl_time)1000)
#define MDL_MS	  ((mdl_time)1000000)
#define MDL_SEC	  ((mdl_time)1000000000)

/**
 * Reads "250us", "20ms", "1.5s", "30" (seconds), "5m", "2h", "1d" and sums as "2m05s". Neither
 * negative nor MDL_NEVER. MDL_EINVAL.
 */
MDL_MUST mdl_err mdl_time_parse(const char *text, mdl_time *out);

enum { MDL_TIME_TEXT = 32 };
/** An interval for people: "312us", "20.1ms", "1.50s", "2m05s", "3h12m", "never". Returns `out`. */
const char *mdl_time_text(mdl_time t, char out[MDL_TIME_TEXT]);

/** `a + b` where MDL_NEVER stays never and nothing overflows. */
static inline mdl_time mdl_time_add(mdl_time a, mdl_time b)
{
	mdl_time sum;
	if (a == MDL_NEVER || b == MDL_NEVER || __builtin_add_overflow(a, b, &sum))
		return MDL_NEVER;
	return sum;
}

static inline mdl_time mdl_time_min(mdl_time a, mdl_time b)
{
	return a < b ? a : b;
}
