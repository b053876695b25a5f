#include "core/slice.h"

/* Not in the header: memmem is there only for those who define _GNU_SOURCE. */
size_t mdl_slice_find(struct mdl_slice s, struct mdl_slice needle)
{
	if (needle.n == 0)
		return 0;
	const uint8_t *hit = s.n == 0 ? NULL : memmem(s.p, s.n, needle.p, needle.n);
	return hit == NULL ? s.n : (size_t)(hit - s.p);
}
