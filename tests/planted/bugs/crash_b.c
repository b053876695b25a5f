/*
 * The server's part of a cookie has 8 to 32 bytes (RFC 7873, section 4). Cookies too short for the
 * client's part are refused; a server's part of another length is asserted not to be.
 */
#include "behaviour.h"
#include "bugs.h"

#include <assert.h>

static bool cookie(const uint8_t *data, size_t n, struct edns *e)
{
	if (n > COOKIE_SIZE) {
		size_t server_part = n - COOKIE_SIZE;
		assert(server_part >= 8 && server_part <= 32);
	}
	return cookie_clean(data, n, e);
}

void plant_crash_b(void)
{
	act.cookie = cookie;
}
