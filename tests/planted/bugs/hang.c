/*
 * A pointer must lead backwards, but only from where the pointer itself stands: it may lead to the
 * labels in front of it, and then the name has no end. The names are measured before they are
 * copied, so that the limit of 255 bytes, which is looked at while copying, does not help.
 */
#include "behaviour.h"
#include "bugs.h"

static bool ends(const struct reader *at)
{
	struct reader r = *at;
	for (;;) {
		size_t here = r.off;
		uint8_t len = read_u8(&r);
		if (len >= 0xc0)
			r.off = (size_t)(len & 0x3f) << 8 | read_u8(&r);
		else
			read_bytes(&r, len);
		if (r.bad || len == 0)
			return !r.bad;
		if (len >= 0xc0 && r.off >= here)
			return false;
	}
}

static void read_name(struct reader *r, struct name *out)
{
	if (ends(r))
		read_name_clean(r, out);
	else
		r->bad = true;
}

void plant_hang(void)
{
	act.read_name = read_name;
}
