/*
 * A connection that ends in the middle of a message is taken off the list but not closed. The limit
 * of descriptors is lowered, so that it is reached within a campaign.
 */
#include "behaviour.h"
#include "bugs.h"
#include "server.h"

#include <sys/resource.h>

enum { DESCRIPTORS = 256 };

static void hang_up(struct connection *c)
{
	if (connection_interrupted(c))
		connection_forget(c);
	else
		hang_up_clean(c);
}

void plant_fdleak(void)
{
	struct rlimit limit = { .rlim_cur = DESCRIPTORS, .rlim_max = DESCRIPTORS };
	setrlimit(RLIMIT_NOFILE, &limit);
	act.hang_up = hang_up;
}
