/**
 * Bytes as text and back: hex, quoted strings, JSON strings, numbers, words to choose from. What
 * appends to a buffer fails as the buffer does, and may have appended a part then.
 */
#pragma once

#include "core/buf.h"

/** Appends lower-case hex, two digits a byte. */
MDL_MUST mdl_err mdl_text_hex(struct mdl_buf *out, struct mdl_slice s);
/** Appends the bytes that the hex digits of `s` mean. MDL_EINVAL: odd count or no hex digit. */
MDL_MUST mdl_err mdl_text_unhex(struct mdl_buf *out, struct mdl_slice s);

/** Appends `s` in double quotes; \\ \" \r \n \t and \xNN for all that is not printable ASCII. */
MDL_MUST mdl_err mdl_text_quote(struct mdl_buf *out, struct mdl_slice s);
/** Appends what the quoted text means; `s` includes both quotes. MDL_EINVAL. */
MDL_MUST mdl_err mdl_text_unquote(struct mdl_buf *out, struct mdl_slice s);

/**
 * Appends a JSON string with its quotes. Bytes above 0x7e stand as U+00NN (latin-1), so that any
 * bytes give valid JSON and can be told from it again.
 */
MDL_MUST mdl_err mdl_text_json(struct mdl_buf *out, struct mdl_slice s);

/**
 * Bytes of the UTF-8 character that `s` begins with, and which one it is; 0 if there is none (RFC
 * 3629, section 4).
 */
size_t mdl_text_utf8(struct mdl_slice s, uint32_t *character);

/** Appends what quote would put between the quotes, and "..." instead of all behind `most` bytes. */
MDL_MUST mdl_err mdl_text_brief(struct mdl_buf *out, struct mdl_slice s, size_t most);

enum { MDL_SIZE_TEXT = 24 };
/** "512", "4.0k", "1.2M", "3.0G". Returns `out`. */
const char *mdl_size_text(uint64_t n, char out[MDL_SIZE_TEXT]);
/** Reads "512", "64k", "1M", "2G" (powers of 1024). MDL_EINVAL. */
MDL_MUST mdl_err mdl_size_parse(const char *text, uint64_t *out);
/** Reads decimal, 0x hex. MDL_EINVAL. */
MDL_MUST mdl_err mdl_uint_parse(const char *text, uint64_t *out);
/**
 * Reads digits with at most one dot behind the first, as whole units and billionths of one (digits
 * behind the ninth are passed over). What follows them; NULL if there are none or too many.
 */
const char *mdl_text_number(const char *p, uint64_t *whole, uint64_t *billionths);
/** Reads "2%", "1/100", "0.02": a share from 0 to 1. MDL_EINVAL. */
MDL_MUST mdl_err mdl_ratio_parse(const char *text, double *out);

/** The one of `words` (NULL-terminated) that `word` was probably meant to be; NULL if none is near. */
const char *mdl_text_nearest(const char *word, const char *const *words);
