#include "replay/minimise.h"

#include <stdlib.h>

static size_t count(const bool *keep, size_t n)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		k += keep[i];
	return k;
}

/* `out` is `keep` without those of its elements that are number `from` to `to` - 1. */
static void without(const bool *keep, size_t n, size_t from, size_t to, bool *out)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		bool drop = keep[i] && k >= from && k < to;
		k += keep[i];
		out[i] = keep[i] && !drop;
	}
}

/* Tries to leave out each of `parts` pieces in turn; true if one could go, which it then is. */
static bool drop_a_part(bool *keep, bool *attempt, size_t n, size_t parts,
			bool (*test)(void *, const bool *, size_t), void *ctx, unsigned *budget)
{
	size_t left = count(keep, n);
	/* from the end, for later choices mostly matter less */
	for (size_t p = parts; p-- > 0 && *budget > 0;) {
		without(keep, n, left * p / parts, left * (p + 1) / parts, attempt);
		--*budget;
		if (!test(ctx, attempt, n))
			continue;
		memcpy(keep, attempt, n * sizeof(*keep));
		return true;
	}
	return false;
}

mdl_err minimise(bool *keep, size_t n, bool (*test)(void *, const bool *, size_t), void *ctx,
		 unsigned *budget)
{
	bool *attempt = malloc((n + 1) * sizeof(*attempt));
	if (attempt == NULL)
		return MDL_ENOMEM;
	size_t parts = 2;
	for (size_t left = count(keep, n); left > 0 && *budget > 0; left = count(keep, n)) {
		if (parts > left)
			parts = left;
		if (drop_a_part(keep, attempt, n, parts, test, ctx, budget))
			parts = parts > 2 ? parts - 1 : 2;
		else if (parts == left)
			break;
		else
			parts *= 2;
	}
	free(attempt);
	return MDL_OK;
}
