/** Whole files: read with a ceiling, written so that either all of it is there or nothing. */
#pragma once

#include "core/buf.h"

/** Appends the file; "-" is standard input. MDL_EIO, MDL_ELIMIT (longer than `out` may be), with the reason. */
MDL_MUST mdl_err file_read(const char *path, struct mdl_buf *out, struct mdl_why *why);
/** Writes a temporary file beside it and renames that; 0644, or 0755 if `executable`. MDL_EIO. */
MDL_MUST mdl_err file_write(const char *path, struct mdl_slice bytes, bool executable,
			    struct mdl_why *why);
/** Makes the folder and those above it. Fine if it is there. MDL_EIO. */
MDL_MUST mdl_err folder_make(const char *path, struct mdl_why *why);
bool folder_is(const char *path);

/** Names in a folder, sorted, without those that begin with a dot; freed with names_free. */
struct names {
	char **v;
	size_t n, cap;
};
MDL_MUST mdl_err folder_list(const char *path, struct names *out, struct mdl_why *why);
void names_free(struct names *n);

/**
 * Holds the folder for this process until the descriptor is closed, which the kernel does too when we
 * die. MDL_EBUSY: another process holds it.
 */
MDL_MUST mdl_err folder_hold(const char *path, int *fd, struct mdl_why *why);

/** Does a process hold the folder at this moment? */
bool folder_held(const char *path);

/** "a/b"; false if it does not fit. */
bool path_join(char *out, size_t size, const char *a, const char *b);
