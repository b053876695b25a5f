/* Contexts of protocols, dissection through layers, and the defaults of optional members. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocols/protocol.h"

/* Sets the options that the words "PROTOCOL.OPTION=VALUE" name for this protocol. */
static mdl_err read_settings(struct mdl_ctx *x, struct mdl_why *why)
{
	const struct mdl_protocol *p = x->proto;
	size_t n = strlen(p->name);
	mdl_err err = mdl_opts_preset(p->options, x->options, why);
	for (size_t i = 0; err == MDL_OK && x->settings != NULL && i < x->settings->n; i++) {
		const char *word = x->settings->v[i];
		if (strncmp(word, p->name, n) != 0 || word[n] != '.')
			continue;
		const char *key = word + n + 1, *equals = strchr(key, '=');
		const struct mdl_opt *opt = NULL;
		for (size_t k = 0; equals != NULL && k < p->options.n; k++)
			if (mdl_slice_is(mdl_slice(key, (size_t)(equals - key)),
					 p->options.v[k].name))
				opt = &p->options.v[k];
		if (opt == NULL)
			return mdl_fail(why, MDL_EINVAL,
					"%.80s: expected PROTOCOL.OPTION=VALUE; `meddle list "
					"protocols` shows the options",
					word);
		err = mdl_opt_set(opt, equals + 1, x->options, why);
	}
	return err;
}

/* Room for a piece of that size and whatever is put behind it. */
static size_t aligned(size_t size)
{
	size_t unit = _Alignof(max_align_t);
	return (size + unit - 1) / unit * unit;
}

/*
 * The context with its state and its options behind it in one piece of memory: a capture of many
 * short conversations makes hundreds of thousands of them.
 */
static struct mdl_ctx *alloc_ctx(const struct mdl_protocol *p)
{
	size_t head = aligned(sizeof(struct mdl_ctx)), state = aligned(p->state_size);
	uint8_t *room = calloc(1, head + state + p->options_size);
	struct mdl_ctx *x = (void *)room;
	if (x == NULL)
		return NULL;
	x->proto = p;
	x->state = p->state_size > 0 ? room + head : NULL;
	x->options = p->options_size > 0 ? room + head + state : NULL;
	return x;
}

mdl_err mdl_ctx_new(const struct mdl_protocol *p, enum mdl_carrier carrier,
		    const struct mdl_strings *settings, struct mdl_ctx **out, struct mdl_why *why)
{
	struct mdl_ctx *x = alloc_ctx(p);
	if (x == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	x->carrier = carrier;
	x->settings = settings;
	mdl_err err = read_settings(x, why);
	if (err == MDL_OK && p->open != NULL)
		err = p->open(x, why);
	if (err == MDL_OK)
		*out = x;
	else
		free(x);
	return err;
}

void mdl_ctx_free(struct mdl_ctx *x)
{
	if (x == NULL)
		return;
	while (x->inner != NULL) {
		struct mdl_ctx *inner = x->inner;
		x->inner = inner->next;
		mdl_ctx_free(inner);
	}
	if (x->proto->close != NULL)
		x->proto->close(x);
	free(x);
}

/* The context of `inner` under `x`, made when first met. */
static struct mdl_ctx *inner_ctx(struct mdl_ctx *x, const struct mdl_protocol *inner)
{
	struct mdl_ctx *i = x->inner;
	while (i != NULL && i->proto != inner)
		i = i->next;
	if (i == NULL && mdl_ctx_new(inner, MDL_DGRAM, x->settings, &i, NULL) == MDL_OK) {
		i->next = x->inner;
		x->inner = i;
	}
	if (i != NULL)
		i->dir = x->dir;
	return i;
}

static bool add_layer(struct mdl_fields *f, struct mdl_ctx *x, uint32_t base)
{
	if (f->n_layers == MDL_LAYERS_MAX)
		return false;
	f->layer = f->n_layers++;
	f->layers[f->layer] = (struct mdl_layer){ x->proto, x, base };
	return true;
}

mdl_err mdl_dissect(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *out)
{
	mdl_fields_clear(out);
	if (msg.n > UINT32_MAX / 2)
		return MDL_ELIMIT;
	add_layer(out, x, 0);
	mdl_err err = x->proto->dissect(x, msg, out);
	return out->err != MDL_OK ? out->err : err;
}

void mdl_field_payload(struct mdl_fields *f, struct mdl_ctx *x, uint16_t def, struct mdl_slice msg,
		       size_t off, size_t len, const struct mdl_protocol *inner)
{
	uint32_t i = mdl_field_open(f, def, off);
	uint8_t layer = f->layer;
	struct mdl_ctx *ix = inner == NULL || len == 0 ? NULL : inner_ctx(x, inner);
	if (ix != NULL && add_layer(f, ix, f->layers[layer].base + (uint32_t)off)) {
		if (inner->dissect(ix, mdl_slice_sub(msg, off, len), f) != MDL_OK)
			mdl_field_note(f, "the payload is malformed", 0);
	}
	f->layer = layer;
	mdl_field_close(f, i, off + len);
}

mdl_err mdl_frame(struct mdl_ctx *x, struct mdl_slice in, size_t *n)
{
	if (x->carrier != MDL_STREAM || x->proto->frame == NULL) {
		*n = in.n;
		return in.n == 0 ? MDL_EMORE : MDL_OK;
	}
	return x->proto->frame(x, in, n);
}

uint64_t mdl_pair_key(struct mdl_ctx *x, struct mdl_slice msg)
{
	return x->proto->pair_key == NULL ? 0 : x->proto->pair_key(x, msg);
}

uint32_t mdl_observe(struct mdl_ctx *x, struct mdl_slice msg)
{
	return x->proto->observe == NULL ? 0 : x->proto->observe(x, msg);
}

unsigned mdl_depth(struct mdl_ctx *x, struct mdl_slice msg)
{
	return x->proto->depth == NULL ? 0 : x->proto->depth(x, msg);
}

const char *const *mdl_depths(const struct mdl_protocol *p)
{
	static const char *const plain[] = { "answered", NULL };
	return p->depths == NULL ? plain : p->depths;
}

const char *mdl_judge(struct mdl_ctx *x, struct mdl_slice request, struct mdl_slice answer)
{
	return x->proto->judge == NULL ? NULL : x->proto->judge(x, request, answer);
}

mdl_err mdl_state_text(const struct mdl_protocol *p, uint32_t code, struct mdl_buf *out)
{
	if (p->state_text == NULL)
		return mdl_buf_printf(out, "%" PRIu32, code);
	return p->state_text(code, out);
}
