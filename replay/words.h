/** Command lines as text that a shell reads as the same words. */
#pragma once

#include "core/buf.h"

/** Appends the words (NULL-terminated) with spaces between, quoted where a shell needs it. */
MDL_MUST mdl_err words_join(const char *const *words, struct mdl_buf *out);
