/**
 * Names and integers of DNS messages (RFC 1035, section 4). The planted servers share no code with
 * what tests them, so that a mistake in one cannot hide a mistake in the other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEADER_SIZE = 12, NAME_SIZE = 255, LABEL_SIZE = 63 };

/** A name in wire form, not compressed, in the case it came in. */
struct name {
	size_t n;
	uint8_t b[NAME_SIZE];
};

/** Bytes being read. Once something is missing or wrong `bad` stays set and all reads give zero. */
struct reader {
	const uint8_t *p;
	size_t n, off;
	bool bad;
};

uint8_t read_u8(struct reader *r);
uint16_t read_u16(struct reader *r);
uint32_t read_u32(struct reader *r);
/** The next `n` bytes where they lie; NULL if they are not there. */
const uint8_t *read_bytes(struct reader *r, size_t n);

/**
 * A name, compressed or not. A pointer must lead before the part of the name that it ends, and
 * behind the header, which is what RFC 1035, section 4.1.4 calls a prior occurrence, and why this
 * ends.
 */
void read_name_clean(struct reader *r, struct name *out);

bool name_equal(const struct name *a, const struct name *b);
/** True if `n` is `apex` or below it. */
bool name_under(const struct name *n, const struct name *apex);
/** From "www.example."; the text is ours and correct. */
struct name name_from_text(const char *text);

/** Bytes being written. Once something does not fit `full` stays set. */
struct writer {
	uint8_t *p;
	size_t n, cap;
	bool full;
};

void write_u8(struct writer *w, uint8_t v);
void write_u16(struct writer *w, uint16_t v);
void write_u32(struct writer *w, uint32_t v);
void write_bytes(struct writer *w, const uint8_t *p, size_t n);
void write_name(struct writer *w, const struct name *name);
