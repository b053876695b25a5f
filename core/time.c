#include "core/time.h"

#include <stdio.h>

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

/* Digits and at most one dot, as whole units and billionths of one; returns what follows. */
static const char *read_number(const char *p, uint64_t *whole, uint64_t *billionths)
{
	*whole = *billionths = 0;
	const char *start = p;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*whole, 10U, whole) ||
		    __builtin_add_overflow(*whole, (uint64_t)(*p - '0'), whole))
			return NULL;
	if (p == start)
		return NULL;
	if (*p != '.')
		return p;
	uint64_t place = 100000000;
	for (p++; *p >= '0' && *p <= '9'; p++, place /= 10)
		*billionths += (uint64_t)(*p - '0') * place;
	return p;
}

mdl_err mdl_time_parse(const char *text, mdl_time *out)
{
	uint64_t whole, billionths;
	const char *unit = read_number(text, &whole, &billionths);
	if (unit == NULL)
		return MDL_EINVAL;
	for (size_t i = 0; i < MDL_COUNT(units); i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		mdl_time ns;
		if (whole > INT64_MAX || __builtin_mul_overflow((mdl_time)whole, units[i].ns, &ns))
			return MDL_EINVAL;
		mdl_time part = (mdl_time)((double)billionths * 1e-9 * (double)units[i].ns + 0.5);
		if (__builtin_add_overflow(ns, part, out) || *out == MDL_NEVER)
			return MDL_EINVAL;
		return MDL_OK;
	}
	return MDL_EINVAL;
}

const char *mdl_time_text(mdl_time t, char out[MDL_TIME_TEXT])
{
	long long s = t / MDL_SEC;
	if (t == MDL_NEVER)
		snprintf(out, MDL_TIME_TEXT, "never");
	else if (t < 0)
		snprintf(out, MDL_TIME_TEXT, "%.3fs", (double)t / 1e9);
	else if (t < MDL_MS)
		snprintf(out, MDL_TIME_TEXT, "%lldus", (long long)(t / MDL_US));
	else if (t < MDL_SEC)
		snprintf(out, MDL_TIME_TEXT, "%.1fms", (double)t / 1e6);
	else if (t < 60 * MDL_SEC)
		snprintf(out, MDL_TIME_TEXT, "%.2fs", (double)t / 1e9);
	else if (s < 3600)
		snprintf(out, MDL_TIME_TEXT, "%lldm%02llds", s / 60, s % 60);
	else
		snprintf(out, MDL_TIME_TEXT, "%lldh%02lldm", s / 3600, s / 60 % 60);
	return out;
}
