#include "replay/ticks.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "core/slice.h"

enum { MAX_EXPONENT = 300 };

static void fill(double step, double end, struct ticks *out)
{
	out->n = 0;
	while (out->n < TICKS_MAX && step * out->n <= end * (1 + 1e-9)) {
		out->v[out->n] = step * out->n;
		out->n++;
	}
}

static double positive(double v)
{
	return isfinite(v) && v > 0 ? fmin(v, pow(10, MAX_EXPONENT)) : 1;
}

static unsigned bounded(unsigned most)
{
	return most < 2 ? 2 : most > TICKS_MAX ? TICKS_MAX : most;
}

void ticks_number(double hi, unsigned most, bool whole, struct ticks *out)
{
	static const double steps[] = { 1, 2, 5, 10 };
	double top = positive(hi), gaps = bounded(most) - 1;
	double unit = pow(10, floor(log10(top / gaps))), step = 0;
	for (size_t i = 0; i < MDL_COUNT(steps) && (i == 0 || step * gaps < top * (1 - 1e-9)); i++)
		step = steps[i] * unit;
	if (whole && step < 1)
		step = 1;
	out->hi = step * ceil(top / step * (1 - 1e-9));
	fill(step, out->hi, out);
}

void ticks_time(double ms, unsigned most, struct ticks *out)
{
	static const double s = 1000, m = 60 * s, h = 60 * m, d = 24 * h;
	const double steps[] = { 1,	 2,	5,     10,    20,     50,     100,
				 200,	 500,	s,     2 * s, 5 * s,  10 * s, 15 * s,
				 30 * s, m,	2 * m, 5 * m, 10 * m, 15 * m, 30 * m,
				 h,	 2 * h, 3 * h, 6 * h, 12 * h, d };
	double end = positive(ms), gaps = bounded(most) - 1, step = 0;
	for (size_t i = 0; i < MDL_COUNT(steps) && (i == 0 || step * gaps < end); i++)
		step = steps[i];
	if (step * gaps < end) { /* more than a few days: whole days, as numbers go */
		struct ticks days;
		ticks_number(end / d, most, true, &days);
		step = days.v[1] * d;
	}
	out->hi = end;
	fill(step, end, out);
}

/* Three digits that matter, or all that stand before the dot; no zeros at the end behind it. */
static const char *trimmed(double v, const char *unit, char out[TICKS_TEXT])
{
	char digits[TICKS_TEXT / 2];
	int behind = fabs(v) >= 99.95 ? 0 : fabs(v) >= 9.995 ? 1 : 2;
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%.*f", behind, v);
	if (n >= sizeof(digits))
		n = (size_t)snprintf(digits, sizeof(digits), "%.3g", v);
	else if (behind > 0) {
		while (digits[n - 1] == '0')
			n--;
		n -= digits[n - 1] == '.';
	}
	snprintf(out, TICKS_TEXT, "%.*s%s", (int)n, digits, unit);
	return out;
}

const char *ticks_number_text(double v, char out[TICKS_TEXT])
{
	static const struct {
		double from;
		const char *unit;
	} units[] = { { 1e12, "T" }, { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } };
	if (!isfinite(v))
		return trimmed(0, "?", out);
	for (size_t i = 0; i < MDL_COUNT(units); i++)
		if (v >= units[i].from)
			return trimmed(v / units[i].from, units[i].unit, out);
	return trimmed(v, "", out);
}

const char *ticks_time_text(double ms, char out[TICKS_TEXT])
{
	if (ms < 1)
		return trimmed(0, "", out);
	if (ms < 1000)
		return trimmed(ms, "ms", out);
	if (ms < 120e3)
		return trimmed(ms / 1e3, "s", out);
	if (ms < 3600e3)
		return trimmed(ms / 60e3, "m", out);
	return ms < 48 * 3600e3 ? trimmed(ms / 3600e3, "h", out) : trimmed(ms / 86400e3, "d", out);
}

const char *ticks_count_text(uint64_t v, char out[TICKS_TEXT])
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, v);
	size_t at = 0;
	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = 0;
	return out;
}
