#include "protocols/dns/say_line.h"

#include <arpa/inet.h>
#include <stdarg.h>

#include "core/text.h"
#include "core/writer.h"
#include "protocols/dns/types.h"
#include "protocols/name.h"

enum { BRIEF_BYTES = 16, BRIEF_TEXT = 64, VALUES_SHOWN = 24, TYPES_SHOWN = 32 };

void mdl_dns_put(struct dns_line *l, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (l->err == MDL_OK)
		l->err = mdl_buf_vprintf(l->out, fmt, ap);
	va_end(ap);
}

/* ---- values ---- */

void mdl_dns_put_name(struct dns_line *l, uint32_t i)
{
	uint32_t base = l->f->layers[l->f->v[i].layer].base;
	struct mdl_slice body = mdl_slice_sub(l->msg, base, SIZE_MAX);
	struct mdl_name name;
	size_t used;
	if (mdl_name_read(body, l->f->v[i].off - base, &used, &name, NULL) != MDL_OK) {
		mdl_dns_put(l, "<bad name>");
		return;
	}
	PUT(l, mdl_name_text(&name, l->out));
	if (name.n > 1)
		mdl_dns_put(l, ".");
}

static void put_bytes(struct dns_line *l, struct mdl_slice s)
{
	PUT(l, mdl_text_hex(l->out, mdl_slice_sub(s, 0, BRIEF_BYTES)));
	if (s.n > BRIEF_BYTES)
		mdl_dns_put(l, "..(%zu)", s.n);
	else if (s.n == 0)
		mdl_dns_put(l, "-");
}

static void put_text(struct dns_line *l, struct mdl_slice s)
{
	mdl_dns_put(l, "\"");
	PUT(l, mdl_text_brief(l->out, s, BRIEF_TEXT));
	mdl_dns_put(l, "\"");
}

static void put_ip(struct dns_line *l, int family, struct mdl_slice s)
{
	char text[INET6_ADDRSTRLEN];
	if (s.n == (family == AF_INET ? 4U : 16U) &&
	    inet_ntop(family, s.p, text, sizeof(text)) != NULL)
		mdl_dns_put(l, "%s", text);
	else
		put_bytes(l, s);
}

static void put_number(struct dns_line *l, uint32_t i, const struct mdl_field_def *d)
{
	uint64_t v = mdl_field_uint(l->f, l->msg, i);
	const char *name = d->values == NULL ? NULL : mdl_dns_value_name(d->values, v);
	if (d->values == mdl_dns_types)
		PUT(l, mdl_dns_type_text((uint16_t)v, l->out));
	else if (name != NULL || d->values == mdl_dns_svc_keys)
		PUT(l, mdl_dns_value_text(d->values, v, "key", l->out));
	else
		mdl_dns_put(l, "%llu", (unsigned long long)v);
}

/* The types of a bitmap window (RFC 4034, section 4.1.2), whose number stands two fields before. */
static void put_types(struct dns_line *l, uint32_t i)
{
	struct mdl_slice bits = mdl_field_bytes(l->f, l->msg, i);
	uint64_t window = i < 2 ? 0 : mdl_field_uint(l->f, l->msg, i - 2);
	unsigned shown = 0;
	for (size_t k = 0; k < 8 * bits.n && k < 256 && shown < TYPES_SHOWN; k++) {
		if ((bits.p[k / 8] & 0x80 >> k % 8) == 0)
			continue;
		mdl_dns_put(l, shown++ == 0 ? "" : " ");
		PUT(l, mdl_dns_type_text((uint16_t)(window << 8 | k), l->out));
	}
}

static void put_value(struct dns_line *l, uint32_t i)
{
	const struct mdl_field_def *d = mdl_field_def(l->f, i);
	struct mdl_slice s = mdl_field_bytes(l->f, l->msg, i);
	if (l->f->v[i].def == DNS_WINDOW_BITS) {
		put_types(l, i);
		return;
	}
	switch (d->kind) {
	case MDL_UINT:
	case MDL_BITS:
		put_number(l, i, d);
		return;
	case MDL_NAME:
		mdl_dns_put_name(l, i);
		return;
	case MDL_TEXT:
		put_text(l, s);
		return;
	case MDL_IPV4:
		put_ip(l, AF_INET, s);
		return;
	case MDL_IPV6:
		put_ip(l, AF_INET6, s);
		return;
	default:
		put_bytes(l, s);
	}
}

/* ---- records ---- */

uint32_t mdl_dns_find(const struct dns_line *l, uint16_t def, uint32_t from, uint32_t end)
{
	for (uint32_t i = from; i < end; i++)
		if (l->f->v[i].def == def && l->f->v[i].layer == l->layer)
			return i;
	return MDL_NO_FIELD;
}

/* Lengths say nothing to people, window numbers are in the types, pointers in the names. */
static bool worth_saying(const struct dns_line *l, uint32_t i)
{
	const struct mdl_field_def *d = mdl_field_def(l->f, i);
	uint16_t row = l->f->v[i].def;
	return d->kind != MDL_SPAN && (d->flags & MDL_F_LENGTH) == 0 && row != DNS_POINTER &&
	       row != DNS_WINDOW_NUMBER;
}

/* Flags are said as one number, as zone files have them. */
static bool is_flags(const struct dns_line *l, uint32_t i)
{
	const struct mdl_field_def *d = mdl_field_def(l->f, i);
	return d->kind == MDL_SPAN && (d->flags & MDL_F_HEX) != 0;
}

void mdl_dns_put_rdata(struct dns_line *l, uint32_t rdata, uint32_t end)
{
	unsigned shown = 0;
	for (uint32_t i = rdata + 1; i < end; i++) {
		bool flags = is_flags(l, i);
		if (!flags && !worth_saying(l, i))
			continue;
		if (++shown > VALUES_SHOWN) {
			mdl_dns_put(l, " ...");
			return;
		}
		mdl_dns_put(l, " ");
		if (!flags) {
			put_value(l, i);
			continue;
		}
		struct mdl_slice s = mdl_field_bytes(l->f, l->msg, i);
		mdl_dns_put(l, "%u", (unsigned)mdl_get_be(s.p, s.n));
		i = mdl_field_end(l->f, i) - 1;
	}
}

uint64_t mdl_dns_number_in(const struct dns_line *l, uint16_t row, uint32_t from, uint32_t end)
{
	uint32_t i = mdl_dns_find(l, row, from, end);
	return i == MDL_NO_FIELD ? 0 : mdl_field_uint(l->f, l->msg, i);
}
