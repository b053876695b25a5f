#include "core/stat.h"

#include <math.h>

/* Values below MDL_HIST_SUB have a bucket each; above, the five bits behind the leading one. */
static size_t bucket_of(uint64_t v)
{
	if (v < MDL_HIST_SUB)
		return (size_t)v;
	unsigned top = 63 - (unsigned)__builtin_clzll(v);
	unsigned shift = top - 5;
	return (size_t)(shift + 1) * MDL_HIST_SUB + (size_t)((v >> shift) - MDL_HIST_SUB);
}

/* The middle of a bucket. */
static uint64_t value_of(size_t bucket)
{
	if (bucket < MDL_HIST_SUB)
		return bucket;
	size_t shift = bucket / MDL_HIST_SUB - 1;
	uint64_t low = (uint64_t)(bucket % MDL_HIST_SUB + MDL_HIST_SUB) << shift;
	return low + ((uint64_t)1 << shift) / 2;
}

void mdl_hist_add(struct mdl_hist *h, uint64_t v)
{
	if (h->n == 0 || v < h->min)
		h->min = v;
	if (v > h->max)
		h->max = v;
	h->n++;
	h->sum += (double)v;
	h->bucket[bucket_of(v)]++;
}

void mdl_hist_merge(struct mdl_hist *into, const struct mdl_hist *from)
{
	if (from->n == 0)
		return;
	if (into->n == 0 || from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	into->n += from->n;
	into->sum += from->sum;
	for (size_t i = 0; i < MDL_HIST_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}

uint64_t mdl_hist_quantile(const struct mdl_hist *h, double q)
{
	double share = fmin(fmax(q, 0), 1); /* NaN becomes 0 */
	uint64_t want = (uint64_t)ceil(share * (double)h->n), seen = 0;
	if (h->n == 0)
		return 0;
	for (size_t i = 0; i < MDL_HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen < want || seen == 0)
			continue;
		uint64_t v = value_of(i);
		return v < h->min ? h->min : v > h->max ? h->max : v;
	}
	return h->max;
}

double mdl_hist_mean(const struct mdl_hist *h)
{
	return h->n == 0 ? 0 : h->sum / (double)h->n;
}

void mdl_moments_add(struct mdl_moments *m, double v)
{
	m->n++;
	double d = v - m->mean;
	m->mean += d / (double)m->n;
	m->m2 += d * (v - m->mean);
}

double mdl_moments_stddev(const struct mdl_moments *m)
{
	return m->n < 2 ? 0 : sqrt(m->m2 / (double)(m->n - 1));
}

void mdl_wilson(uint64_t k, uint64_t n, double z, double *lo, double *hi)
{
	*lo = 0;
	*hi = 1;
	if (n == 0)
		return;
	double p = (double)k / (double)n, nn = (double)n, zz = z * z;
	double mid = (p + zz / (2 * nn)) / (1 + zz / nn);
	double half = z / (1 + zz / nn) * sqrt(p * (1 - p) / nn + zz / (4 * nn * nn));
	*lo = fmax(0, mid - half);
	*hi = fmin(1, mid + half);
}

double mdl_slope(const double *y, size_t n)
{
	if (n < 2)
		return 0;
	double mx = (double)(n - 1) / 2, my = 0, num = 0, den = 0;
	for (size_t i = 0; i < n; i++)
		my += y[i] / (double)n;
	for (size_t i = 0; i < n; i++) {
		double dx = (double)i - mx;
		num += dx * (y[i] - my);
		den += dx * dx;
	}
	return num / den;
}
