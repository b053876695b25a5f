#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>

void mdl_log(const struct mdl_log *log, enum mdl_level level, const char *fmt, ...)
{
	if (log == NULL || log->sink == NULL || level > log->level)
		return;
	char line[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	for (char *c = line; *c != 0; c++)
		if ((uint8_t)*c < 0x20 || *c == 0x7f)
			*c = '?';
	log->sink(log->ctx, level, line);
}

const char *mdl_level_text(enum mdl_level level)
{
	static const char *const texts[] = { "error", "warning", "info", "debug" };
	return texts[level];
}

bool mdl_gate_pass(struct mdl_gate *g, unsigned most, mdl_time now, uint64_t *held)
{
	if (now < g->window || now >= mdl_time_add(g->window, MDL_SEC)) {
		g->window = now;
		g->passed = 0;
	}
	if (g->passed >= most) {
		g->held++;
		return false;
	}
	g->passed++;
	*held = g->held;
	g->held = 0;
	return true;
}
