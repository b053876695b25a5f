#include "replay/words.h"

static bool plain(const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "%+,-./:=@_";
	return *word != 0 && word[strspn(word, safe)] == 0;
}

/* In single quotes everything stands for itself but the single quote. */
static mdl_err quote(const char *word, struct mdl_buf *out)
{
	mdl_err err = mdl_buf_put(out, '\'');
	for (; err == MDL_OK && *word != 0; word++)
		err = *word == '\'' ? mdl_buf_printf(out, "'\\''")
				    : mdl_buf_put(out, (uint8_t)*word);
	return err == MDL_OK ? mdl_buf_put(out, '\'') : err;
}

mdl_err words_join(const char *const *words, struct mdl_buf *out)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && words[i] != NULL; i++) {
		if (i > 0)
			err = mdl_buf_put(out, ' ');
		if (err == MDL_OK)
			err = plain(words[i]) ? mdl_buf_add(out, mdl_slice_str(words[i]))
					      : quote(words[i], out);
	}
	return err;
}
