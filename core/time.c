#include "core/time.h"

#include <stdio.h>

#include "core/text.h"

static const struct unit {
	const char *name;
	mdl_time ns;
} units[] = {
	{ "ns", 1 },
	{ "us", MDL_US },
	{ "ms", MDL_MS },
	{ "s", MDL_SEC },
	{ "", MDL_SEC },
	{ "m", 60 * MDL_SEC },
	{ "min", 60 * MDL_SEC },
	{ "h", 3600 * MDL_SEC },
	{ "d", 86400 * MDL_SEC },
};

/* Reads "20ms" at `p`; what follows it, NULL if it is no such thing or too long. */
static const char *read_part(const char *p, mdl_time *out)
{
	uint64_t whole, billionths;
	p = mdl_text_number(p, &whole, &billionths);
	if (p == NULL)
		return NULL;
	struct mdl_slice unit = mdl_slice(p, strcspn(p, "0123456789"));
	for (size_t i = 0; i < MDL_COUNT(units); i++) {
		if (!mdl_slice_is(unit, units[i].name))
			continue;
		double part = (double)billionths / 1e9 * (double)units[i].ns + 0.5;
		if (__builtin_mul_overflow(whole, units[i].ns, out) ||
		    __builtin_add_overflow(*out, (mdl_time)part, out))
			return NULL;
		return p + unit.n;
	}
	return NULL;
}

mdl_err mdl_time_parse(const char *text, mdl_time *out)
{
	mdl_time sum = 0, part;
	for (const char *p = text; p == text || *p != 0;) {
		const char *end = read_part(p, &part);
		if (end == NULL)
			return MDL_EINVAL;
		bool bare = end[-1] <= '9'; /* ends in a digit or a dot: no unit */
		if ((bare && p != text) || __builtin_add_overflow(sum, part, &sum))
			return MDL_EINVAL;
		p = end;
	}
	if (sum == MDL_NEVER)
		return MDL_EINVAL;
	*out = sum;
	return MDL_OK;
}

/* The bounds lie where a text would round up to 1000.0ms or 60.00s. */
const char *mdl_time_text(mdl_time t, char out[MDL_TIME_TEXT])
{
	long long s = t / MDL_SEC + (t % MDL_SEC >= MDL_SEC / 2);
	if (t == MDL_NEVER)
		snprintf(out, MDL_TIME_TEXT, "never");
	else if (t < 0)
		snprintf(out, MDL_TIME_TEXT, "%.3fs", (double)t / 1e9);
	else if (t < MDL_MS)
		snprintf(out, MDL_TIME_TEXT, "%lldus", (long long)(t / MDL_US));
	else if (t < MDL_SEC - 50 * MDL_US)
		snprintf(out, MDL_TIME_TEXT, "%.1fms", (double)t / 1e6);
	else if (t < 60 * MDL_SEC - 5 * MDL_MS)
		snprintf(out, MDL_TIME_TEXT, "%.2fs", (double)t / 1e9);
	else if (s < 3600)
		snprintf(out, MDL_TIME_TEXT, "%lldm%02llds", s / 60, s % 60);
	else
		snprintf(out, MDL_TIME_TEXT, "%lldh%02lldm", s / 3600, s / 60 % 60);
	return out;
}
