#include "proxy/framer.h"

#include <assert.h>

enum { ROOM_MAX = 4096 }; /* an empty framer holds no more than this */

void framer_init(struct framer *c, size_t max)
{
	mdl_buf_init(&c->kept, max * 2); /* an unfinished message and a piece */
	c->in = mdl_slice(NULL, 0);
	c->max = max;
	c->borrowed = false;
}

void framer_fini(struct framer *c)
{
	mdl_buf_fini(&c->kept);
	c->in = mdl_slice(NULL, 0);
}

mdl_err framer_feed(struct framer *c, struct mdl_slice piece)
{
	assert(!c->borrowed && piece.n <= c->max);
	if (c->kept.n == 0) {
		c->in = piece;
		c->borrowed = true;
		return MDL_OK;
	}
	mdl_err err = mdl_buf_add(&c->kept, piece);
	c->in = mdl_buf_slice(&c->kept);
	return err;
}

mdl_err framer_next(struct framer *c, struct mdl_ctx *x, struct mdl_slice *msg)
{
	if (c->in.n == 0)
		return MDL_EMORE;
	size_t n = 0;
	mdl_err err = mdl_frame(x, c->in, &n);
	if (err == MDL_EMORE)
		return c->in.n >= c->max ? MDL_ELIMIT : MDL_EMORE;
	if (err != MDL_OK || n == 0 || n > c->in.n)
		return MDL_EMALFORMED;
	if (n > c->max)
		return MDL_ELIMIT;
	*msg = mdl_slice_sub(c->in, 0, n);
	c->in = mdl_slice_sub(c->in, n, SIZE_MAX);
	return MDL_OK;
}

mdl_err framer_keep(struct framer *c)
{
	mdl_err err = MDL_OK;
	if (c->borrowed)
		err = mdl_buf_set(&c->kept, c->in);
	else
		mdl_buf_shift(&c->kept, c->kept.n - c->in.n);
	if (err == MDL_OK) {
		c->in = mdl_buf_slice(&c->kept);
		c->borrowed = false;
	}
	if (c->kept.n == 0 && c->kept.cap > ROOM_MAX)
		mdl_buf_fini(&c->kept);
	return err;
}

struct mdl_slice framer_rest(struct framer *c)
{
	struct mdl_slice rest = c->in;
	c->in = mdl_slice(NULL, 0);
	c->borrowed = false;
	return rest;
}
