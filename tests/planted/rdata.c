#include "rdata.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "behaviour.h"

/* a: IPv4, A: IPv6, n: name, s: 16 bits, l: 32 bits, t: character strings, *: anything. */
static const struct type {
	uint16_t type;
	const char *word, *shape;
} types[] = {
	{ TYPE_A, "A", "a" },	      { TYPE_NS, "NS", "n" },
	{ TYPE_CNAME, "CNAME", "n" }, { TYPE_SOA, "SOA", "nnlllll" },
	{ TYPE_PTR, "PTR", "n" },     { TYPE_MX, "MX", "sn" },
	{ TYPE_TXT, "TXT", "t" },     { TYPE_AAAA, "AAAA", "A" },
	{ TYPE_SRV, "SRV", "sssn" },  { 0, NULL, "*" },
};

static const struct type *type_of(uint16_t number, const char *word)
{
	const struct type *t = types;
	while (t->word != NULL && t->type != number && (word == NULL || strcmp(t->word, word) != 0))
		t++;
	return t;
}

bool type_known(uint16_t type)
{
	return type_of(type, NULL)->word != NULL;
}

static void copy(struct reader *r, struct writer *w, size_t n)
{
	const uint8_t *p = read_bytes(r, n);
	if (p != NULL)
		write_bytes(w, p, n);
}

/* Character strings are copied as they are, once their lengths are known to add up. */
static void copy_strings(struct reader *r, struct writer *w, size_t end)
{
	do {
		uint8_t n = read_u8(r);
		write_u8(w, n);
		copy(r, w, n);
	} while (!r->bad && r->off < end);
}

static void copy_part(char part, struct reader *r, struct writer *w, size_t end)
{
	struct name name;
	switch (part) {
	case 'n':
		act.read_name(r, &name);
		if (!r->bad)
			write_name(w, &name);
		break;
	case 't':
		copy_strings(r, w, end);
		break;
	case '*':
		copy(r, w, end - r->off);
		break;
	default:
		copy(r, w, part == 'A' ? 16 : part == 's' ? 2 : 4);
	}
}

void rdata_read(struct reader *r, size_t len, struct record *out)
{
	struct writer w = { .p = out->rdata, .cap = RDATA_SIZE };
	size_t end = r->off + len;
	if (r->bad || len > r->n - r->off) {
		r->bad = true;
		return;
	}
	for (const char *part = type_of(out->type, NULL)->shape; *part != 0 && !r->bad; part++)
		copy_part(*part, r, &w, end);
	r->bad = r->bad || w.full || r->off != end;
	out->rdlen = w.n;
}

static const char *text_part(char part, const char *text, struct writer *w)
{
	char word[256];
	uint8_t address[16];
	size_t n = part == 't' ? strlen(text) : strcspn(text, " ");
	memcpy(word, text, n);
	word[n] = 0;
	struct name name;
	switch (part) {
	case 'a':
	case 'A':
		inet_pton(part == 'a' ? AF_INET : AF_INET6, word, address);
		write_bytes(w, address, part == 'a' ? 4 : 16);
		break;
	case 'n':
		name = name_from_text(word);
		write_name(w, &name);
		break;
	case 't':
		write_u8(w, (uint8_t)n);
		write_bytes(w, (const uint8_t *)word, n);
		break;
	case 's':
		write_u16(w, (uint16_t)atoi(word));
		break;
	default:
		write_u32(w, (uint32_t)atoi(word));
	}
	return text + n + strspn(text + n, " ");
}

void rdata_from_text(struct record *out, const char *type, const char *text)
{
	struct writer w = { .p = out->rdata, .cap = RDATA_SIZE };
	const struct type *t = type_of(0, type);
	for (const char *part = t->shape; *part != 0; part++)
		text = text_part(*part, text, &w);
	out->type = t->type;
	out->rdlen = w.n;
}
