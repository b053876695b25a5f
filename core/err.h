/** Errors: one enum, one text each, and a place for the sentence a person needs. */
#pragma once

#define MDL_MUST	      __attribute__((warn_unused_result))
#define MDL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* clang-format off */
#define MDL_ERR_MAP(X)                                     \
	X(ENOMEM,       "out of memory")                   \
	X(EMORE,        "more bytes are needed")           \
	X(EMALFORMED,   "malformed")                       \
	X(ELIMIT,       "a limit was reached")             \
	X(EINVAL,       "not valid")                       \
	X(ENOTFOUND,    "not found")                       \
	X(EUNSUPPORTED, "not supported")                   \
	X(EIO,          "input or output failed")          \
	X(ECLOSED,      "closed")                          \
	X(ETIMEOUT,     "timed out")                       \
	X(EBUSY,        "in use")                          \
	X(EINTERRUPTED, "interrupted")
/* clang-format on */

/** MDL_OK is 0, every error is negative. */
typedef enum mdl_err {
	MDL_OK = 0,
	MDL_ERR_FIRST = -100, /* keeps clear of -errno values seen next to ours in a debugger */
#define X(name, text) MDL_##name,
	MDL_ERR_MAP(X)
#undef X
} mdl_err;

/** A constant text for any value; never NULL. */
const char *mdl_err_text(mdl_err err);

/**
 * The one line a person reads when something fails: what, where, what to do. Functions that touch
 * the outside world or read what people wrote take one; NULL means nobody asks.
 */
struct mdl_why {
	char text[512];
};

/** Writes the sentence (cut if too long) and returns `err`, so that it can stand in a return. */
mdl_err mdl_fail(struct mdl_why *why, mdl_err err, const char *fmt, ...) MDL_PRINTF(3, 4);

/** Puts "prefix: " before what `why` says already. */
void mdl_why_prefix(struct mdl_why *why, const char *fmt, ...) MDL_PRINTF(2, 3);
