/** Histograms with a bounded error, quantiles, running means, binomial bounds. */
#pragma once

#include "core/slice.h"

enum {
	MDL_HIST_SUB = 32, /* buckets a power of two: a quantile is off by at most 1/32 */
	MDL_HIST_BUCKETS = (64 - 5 + 1) * MDL_HIST_SUB
};

/** Log-linear histogram of 64-bit values; begin with zeros. */
struct mdl_hist {
	uint64_t n, min, max;
	double sum;
	uint64_t bucket[MDL_HIST_BUCKETS];
};

void mdl_hist_add(struct mdl_hist *h, uint64_t v);
void mdl_hist_merge(struct mdl_hist *into, const struct mdl_hist *from);
/** The value at or below which a share `q` (0 to 1) lies, off by at most 1/32; 0 if empty. */
uint64_t mdl_hist_quantile(const struct mdl_hist *h, double q);
double mdl_hist_mean(const struct mdl_hist *h);

/** Mean and variance in one pass (Welford 1962); begin with zeros. */
struct mdl_moments {
	uint64_t n;
	double mean, m2;
};

void mdl_moments_add(struct mdl_moments *m, double v);
double mdl_moments_stddev(const struct mdl_moments *m);

/** Wilson score interval for `k` of `n` at `z` standard deviations (1.96: 95 %). */
void mdl_wilson(uint64_t k, uint64_t n, double z, double *lo, double *hi);

/** Slope of a least-squares line through y[0..n-1] at x = 0, 1, ...; 0 if n < 2. */
double mdl_slope(const double *y, size_t n);
