#include "protocols/show.h"

#include <arpa/inet.h>
#include <inttypes.h>

#include "core/text.h"
#include "protocols/name.h"

enum { BRIEF_BYTES = 32, BRIEF_TEXT = 80, LINE_FIELDS = 6 };

const char *mdl_value_name(const struct mdl_value *values, uint64_t v)
{
	for (; values != NULL && values->name != NULL; values++)
		if (values->v == v)
			return values->name;
	return NULL;
}

static mdl_err show_number(const struct mdl_field_def *d, uint64_t v, struct mdl_buf *out)
{
	const char *name = mdl_value_name(d->values, v);
	if (name != NULL)
		return mdl_buf_printf(out, "%s (%" PRIu64 ")", name, v);
	return (d->flags & MDL_F_HEX) != 0 ? mdl_buf_printf(out, "0x%" PRIx64, v)
					   : mdl_buf_printf(out, "%" PRIu64, v);
}

static mdl_err show_bytes(struct mdl_slice s, struct mdl_buf *out)
{
	mdl_err err = mdl_text_hex(out, mdl_slice_sub(s, 0, BRIEF_BYTES));
	if (err == MDL_OK && s.n > BRIEF_BYTES)
		err = mdl_buf_printf(out, "... (%zu bytes)", s.n);
	return err == MDL_OK && s.n == 0 ? mdl_buf_put(out, '-') : err;
}

static mdl_err show_text(struct mdl_slice s, struct mdl_buf *out)
{
	mdl_err err = mdl_buf_put(out, '"');
	if (err == MDL_OK)
		err = mdl_text_brief(out, s, BRIEF_TEXT);
	return err == MDL_OK ? mdl_buf_put(out, '"') : err;
}

static mdl_err show_ip(int family, struct mdl_slice s, struct mdl_buf *out)
{
	char text[INET6_ADDRSTRLEN];
	if (s.n != (family == AF_INET ? 4U : 16U) ||
	    inet_ntop(family, s.p, text, sizeof(text)) == NULL)
		return show_bytes(s, out);
	return mdl_buf_printf(out, "%s", text);
}

/* Names may point to any earlier place of their layer's message. */
static mdl_err show_name(const struct mdl_fields *f, struct mdl_slice msg, uint32_t i,
			 struct mdl_buf *out)
{
	struct mdl_name name;
	size_t used;
	uint32_t base = f->layers[f->v[i].layer].base;
	struct mdl_slice layer = mdl_slice_sub(msg, base, SIZE_MAX);
	if (mdl_name_read(layer, f->v[i].off - base, &used, &name, NULL) != MDL_OK)
		return show_bytes(mdl_field_bytes(f, msg, i), out);
	return mdl_name_text(&name, out);
}

mdl_err mdl_show_value(const struct mdl_fields *f, struct mdl_slice msg, uint32_t i,
		       struct mdl_buf *out)
{
	const struct mdl_field_def *d = mdl_field_def(f, i);
	struct mdl_slice s = mdl_field_bytes(f, msg, i);
	if ((d->flags & MDL_F_SECRET) != 0)
		return mdl_buf_printf(out, "<secret>");
	switch (d->kind) {
	case MDL_UINT:
	case MDL_UINT_LE:
	case MDL_BITS:
	case MDL_DECIMAL:
		return show_number(d, mdl_field_uint(f, msg, i), out);
	case MDL_TEXT:
		return show_text(s, out);
	case MDL_NAME:
		return show_name(f, msg, i, out);
	case MDL_IPV4:
		return show_ip(AF_INET, s, out);
	case MDL_IPV6:
		return show_ip(AF_INET6, s, out);
	case MDL_SPAN:
		return mdl_buf_printf(out, "{%u}", mdl_field_children(f, i));
	case MDL_PAYLOAD:
		return mdl_buf_printf(out, "%u bytes", f->v[i].len);
	case MDL_BYTES:
		break;
	}
	return show_bytes(s, out);
}

/* Without words of its own: the first few values that are not structure. */
static mdl_err plain_line(struct mdl_slice msg, const struct mdl_fields *f, struct mdl_buf *out)
{
	unsigned shown = 0;
	mdl_err err = mdl_buf_printf(out, "%zu bytes", msg.n);
	for (uint32_t i = 0; err == MDL_OK && i < f->n && shown < LINE_FIELDS; i++) {
		const struct mdl_field_def *d = mdl_field_def(f, i);
		if (d->kind == MDL_SPAN || d->kind == MDL_PAYLOAD || (d->flags & MDL_F_LENGTH) != 0)
			continue;
		err = mdl_buf_printf(out, " %s=", d->name);
		if (err == MDL_OK)
			err = mdl_show_value(f, msg, i, out);
		shown++;
	}
	return err;
}

mdl_err mdl_show_line(struct mdl_ctx *x, struct mdl_slice msg, const struct mdl_fields *f,
		      struct mdl_buf *out)
{
	return x->proto->say == NULL ? plain_line(msg, f, out) : x->proto->say(x, msg, f, out);
}

static mdl_err show_row(const struct mdl_fields *f, struct mdl_slice msg, unsigned margin,
			uint32_t i, struct mdl_buf *out)
{
	const struct mdl_field *d = &f->v[i];
	unsigned indent = margin + 2U * d->depth;
	mdl_err err = mdl_buf_printf(out, "%*s%s: ", (int)indent, "", mdl_field_def(f, i)->name);
	if (err == MDL_OK)
		err = mdl_show_value(f, msg, i, out);
	return err == MDL_OK ? mdl_buf_printf(out, "  [%u+%u]\n", d->off, d->len) : err;
}

mdl_err mdl_show_tree(const struct mdl_fields *f, struct mdl_slice msg, unsigned margin,
		      struct mdl_buf *out)
{
	mdl_err err = MDL_OK;
	for (uint32_t i = 0; err == MDL_OK && i < f->n; i++)
		err = show_row(f, msg, margin, i, out);
	for (unsigned k = 0; err == MDL_OK && k < f->n_notes; k++)
		err = mdl_buf_printf(out, "%*s! byte %u: %s\n", (int)margin, "", f->notes[k].off,
				     f->notes[k].text);
	return err;
}
