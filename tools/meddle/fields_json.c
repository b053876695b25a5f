#include "tools/meddle/fields_json.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "protocols/name.h"
#include "protocols/show.h"

json_t *bytes_json(struct mdl_slice s)
{
	char *utf8 = malloc(2 * s.n + 1);
	size_t n = 0;
	for (size_t i = 0; utf8 != NULL && i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c < 0x80)
			utf8[n++] = (char)c;
		else {
			utf8[n++] = (char)(0xc0 | c >> 6);
			utf8[n++] = (char)(0x80 | (c & 0x3f));
		}
	}
	json_t *j = utf8 == NULL ? NULL : json_stringn_nocheck(utf8, n);
	free(utf8);
	return j;
}

static json_t *hex_json(struct mdl_slice s)
{
	struct mdl_buf b;
	mdl_buf_init(&b, MDL_BUF_MAX);
	json_t *j = mdl_text_hex(&b, s) == MDL_OK ? json_string(mdl_buf_text(&b)) : NULL;
	mdl_buf_fini(&b);
	return j;
}

/* What mdl_show_value says, for names and addresses. */
static json_t *shown_json(const struct mdl_fields *f, struct mdl_slice msg, uint32_t i)
{
	struct mdl_buf b;
	mdl_buf_init(&b, 1 << 16);
	json_t *j = mdl_show_value(f, msg, i, &b) == MDL_OK ? json_string(mdl_buf_text(&b)) : NULL;
	mdl_buf_fini(&b);
	return j;
}

static json_t *value_json(const struct mdl_fields *f, struct mdl_slice msg, uint32_t i)
{
	const struct mdl_field_def *d = mdl_field_def(f, i);
	struct mdl_slice s = mdl_field_bytes(f, msg, i);
	if ((d->flags & MDL_F_SECRET) != 0)
		return json_string("<secret>");
	if (mdl_field_is_uint(f, i))
		return json_integer((json_int_t)mdl_field_uint(f, msg, i));
	if (d->kind == MDL_TEXT)
		return bytes_json(s);
	if (d->kind == MDL_NAME || d->kind == MDL_IPV4 || d->kind == MDL_IPV6)
		return shown_json(f, msg, i);
	return hex_json(s);
}

/* Puts a value under its name; rows that may repeat gather in an array. */
static void put(json_t *into, const struct mdl_field_def *d, json_t *v)
{
	if ((d->flags & MDL_F_REPEAT) == 0) {
		json_object_set_new(into, d->name, v);
		return;
	}
	json_t *list = json_object_get(into, d->name);
	if (list == NULL) {
		list = json_array();
		json_object_set_new(into, d->name, list);
	}
	json_array_append_new(list, v);
}

static bool holds_others(const struct mdl_fields *f, uint32_t i)
{
	enum mdl_kind k = mdl_field_def(f, i)->kind;
	return k != MDL_NAME && (k == MDL_SPAN || mdl_field_end(f, i) > i + 1);
}

/* The fields from..to-1, siblings of one another, into an object. Depth is bounded by the index. */
static void put_fields(json_t *into, const struct mdl_fields *f, struct mdl_slice msg,
		       uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i = mdl_field_end(f, i)) {
		if (!holds_others(f, i)) {
			put(into, mdl_field_def(f, i), value_json(f, msg, i));
			continue;
		}
		json_t *o = json_object(), *inside = o;
		uint8_t layer = i + 1 < f->n ? f->v[i + 1].layer : f->v[i].layer;
		if (layer !=
		    f->v[i].layer) { /* a payload: its fields stand under its protocol's name */
			inside = json_object();
			json_object_set_new(o, f->layers[layer].proto->name, inside);
		}
		put_fields(inside, f, msg, i + 1, mdl_field_end(f, i));
		put(into, mdl_field_def(f, i), o);
	}
}

json_t *fields_json(const struct mdl_fields *f, struct mdl_slice msg)
{
	json_t *o = json_object();
	if (o != NULL)
		put_fields(o, f, msg, 0, f->n);
	return o;
}
