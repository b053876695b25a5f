#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *mdl_err_text(mdl_err err)
{
	switch (err) {
	case MDL_OK:
		return "no error";
#define X(name, text)    \
	case MDL_##name: \
		return text;
		MDL_ERR_MAP(X)
#undef X
	case MDL_ERR_FIRST:
		break;
	}
	return "unknown error";
}

mdl_err mdl_fail(struct mdl_why *why, mdl_err err, const char *fmt, ...)
{
	if (why == NULL)
		return err;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return err;
}

void mdl_why_prefix(struct mdl_why *why, const char *fmt, ...)
{
	if (why == NULL)
		return;
	struct mdl_why old = *why;
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(why->text))
		return;
	snprintf(why->text + n, sizeof(why->text) - (size_t)n, ": %s", old.text);
}
