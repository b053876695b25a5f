#include "replay/crashlog.h"

#include <stdio.h>

#include "core/hash.h"

enum { SIGNATURE_FRAMES = 3 };

/* ---- lines ---- */

static bool next_line(struct mdl_slice *text, struct mdl_slice *line)
{
	if (text->n == 0)
		return false;
	*line = mdl_slice_sub(*text, 0, mdl_slice_find(*text, MDL_LIT("\n")));
	*text = mdl_slice_sub(*text, line->n + 1, SIZE_MAX);
	return true;
}

static bool has(struct mdl_slice s, const char *needle)
{
	return mdl_slice_find(s, mdl_slice_str(needle)) < s.n;
}

/* What stands behind `mark` in the line; empty if the mark is not there. */
static struct mdl_slice behind(struct mdl_slice line, const char *mark)
{
	return mdl_slice_sub(line, mdl_slice_find(line, mdl_slice_str(mark)) + strlen(mark),
			     SIZE_MAX);
}

static struct mdl_slice up_to(struct mdl_slice s, const char *any)
{
	size_t n = 0;
	while (n < s.n && strchr(any, s.p[n]) == NULL)
		n++;
	return mdl_slice_sub(s, 0, n);
}

static struct mdl_slice trim(struct mdl_slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = mdl_slice_sub(s, 1, SIZE_MAX);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

static void put(char *out, size_t size, struct mdl_slice s)
{
	snprintf(out, size, "%.*s", (int)(s.n < size ? s.n : size - 1), (const char *)s.p);
}

/* ---- frames ---- */

/* Functions in which a program is never to blame: those of sanitizers, libc and start-up. */
static bool not_its_own(struct mdl_slice name)
{
	static const char *const prefixes[] = { "__interceptor_", "__asan_",	"__ubsan_",
						"__sanitizer",	  "__GI_",	"__libc_",
						"__pthread",	  "_start",	"__assert",
						"__fortify",	  "__stack_chk" };
	static const char *const names[] = { "memcpy",
					     "memmove",
					     "memset",
					     "strlen",
					     "strcpy",
					     "strdup",
					     "raise",
					     "abort",
					     "malloc",
					     "calloc",
					     "realloc",
					     "free",
					     "__memcpy_chk",
					     "gsignal",
					     "kill",
					     "__strlen_avx2",
					     "__memcpy_avx_unaligned_erms",
					     "__memmove_avx_unaligned_erms" };
	for (size_t i = 0; i < MDL_COUNT(prefixes); i++)
		if (mdl_slice_eq(mdl_slice_sub(name, 0, strlen(prefixes[i])),
				 mdl_slice_str(prefixes[i])))
			return true;
	for (size_t i = 0; i < MDL_COUNT(names); i++)
		if (mdl_slice_is(name, names[i]))
			return true;
	return false;
}

static void add_frame(struct crashlog *c, struct mdl_slice name)
{
	if (name.n > 0 && c->n_frames < CRASHLOG_FRAMES && !not_its_own(name))
		put(c->frame[c->n_frames++], CRASHLOG_NAME, name);
}

/* "    #1 0x55d in parse_option /src/x.c:12:3" or "    #1 0x55d  (/usr/bin/x+0x1234)" */
static bool sanitizer_frame(struct mdl_slice line, struct crashlog *c)
{
	struct mdl_slice s = trim(line);
	if (s.n < 2 || s.p[0] != '#' || s.p[1] < '0' || s.p[1] > '9')
		return false;
	if (has(s, " in "))
		add_frame(c, up_to(behind(s, " in "), " ("));
	else if (has(s, "("))
		add_frame(c, up_to(behind(s, "("), ") "));
	return true;
}

/* Reads the first stack that follows. */
static void read_frames(struct mdl_slice text, struct crashlog *c)
{
	struct mdl_slice line;
	bool in_stack = false;
	while (next_line(&text, &line)) {
		bool frame = sanitizer_frame(line, c);
		if (in_stack && !frame)
			return;
		in_stack |= frame;
	}
}

/* ---- reports ---- */

static void add_place(struct crashlog *c)
{
	size_t n = strlen(c->title);
	if (c->n_frames > 0)
		snprintf(c->title + n, sizeof(c->title) - n, ", in %s", c->frame[0]);
}

/* "heap-buffer-overflow", and from the next line "READ of size 1" if it says so. */
static void sanitizer_title(struct mdl_slice what, struct mdl_slice rest, struct crashlog *c)
{
	struct mdl_slice next;
	put(c->title, sizeof(c->title), what);
	if (!next_line(&rest, &next) || !(has(next, "READ of size") || has(next, "WRITE of size")))
		return;
	next = mdl_slice_sub(next, 0, mdl_slice_find(next, MDL_LIT(" at ")));
	snprintf(c->title, sizeof(c->title), "%.*s, %.*s", (int)what.n, (const char *)what.p,
		 (int)next.n, (const char *)next.p);
}

/* "==1==ERROR: AddressSanitizer: heap-buffer-overflow on address ..." */
static bool read_sanitizer(struct mdl_slice line, struct mdl_slice rest, struct crashlog *c)
{
	static const char *const marks[][2] = { { "AddressSanitizer: ", "asan" },
						{ "MemorySanitizer: ", "msan" },
						{ "ThreadSanitizer: ", "tsan" },
						{ "LeakSanitizer: ", "lsan" } };
	if (!has(line, "ERROR: ") && !has(line, "WARNING: "))
		return false;
	for (size_t i = 0; i < MDL_COUNT(marks); i++) {
		if (!has(line, marks[i][0]))
			continue;
		snprintf(c->kind, sizeof(c->kind), "%s", marks[i][1]);
		sanitizer_title(up_to(behind(line, marks[i][0]), " :"), rest, c);
		read_frames(rest, c);
		add_place(c);
		return true;
	}
	return false;
}

/* "x.c:12:3: runtime error: signed integer overflow: ..." */
static bool read_ubsan(struct mdl_slice line, struct mdl_slice rest, struct crashlog *c)
{
	if (!has(line, ": runtime error: "))
		return false;
	snprintf(c->kind, sizeof(c->kind), "ubsan");
	put(c->title, sizeof(c->title), trim(behind(line, ": runtime error: ")));
	read_frames(rest, c);
	/* without a stack, the place in the source is the frame */
	if (c->n_frames == 0)
		add_frame(c, up_to(line, " "));
	add_place(c);
	return true;
}

/* One line that says it all: assertions, the C library's complaints, panics. */
static bool read_line(struct mdl_slice line, struct crashlog *c)
{
	static const char *const marks[][2] = {
		{ "Assertion `", "assert" },
		{ "assertion failed", "assert" },
		{ "Assertion failed", "assert" },
		{ "REQUIRE(", "assert" },
		{ "INSIST(", "assert" },
		{ "*** stack smashing detected", "abort" },
		{ "*** buffer overflow detected", "abort" },
		{ "double free or corruption", "abort" },
		{ "free(): invalid", "abort" },
		{ "malloc(): ", "abort" },
		{ "munmap_chunk(): ", "abort" },
		{ "corrupted size vs. prev_size", "abort" },
		{ "realloc(): invalid", "abort" },
		{ "malloc_consolidate(): ", "abort" },
		{ "panicked at", "panic" },
		{ "panic: ", "panic" },
		{ "fatal error: ", "panic" },
	};
	for (size_t i = 0; i < MDL_COUNT(marks); i++) {
		if (!has(line, marks[i][0]))
			continue;
		snprintf(c->kind, sizeof(c->kind), "%s", marks[i][1]);
		size_t at = mdl_slice_find(line, mdl_slice_str(marks[i][0]));
		bool tail = strcmp(marks[i][1], "assert") !=
			    0; /* assertions name their place before it */
		put(c->title, sizeof(c->title),
		    trim(tail ? mdl_slice_sub(line, at, SIZE_MAX) : line));
		return true;
	}
	return false;
}

bool crashlog_read(struct mdl_slice output, struct crashlog *out)
{
	struct mdl_slice rest = output, line;
	memset(out, 0, sizeof(*out));
	while (next_line(&rest, &line))
		if (read_sanitizer(line, rest, out) || read_ubsan(line, rest, out) ||
		    read_line(line, out))
			return true;
	return false;
}

/* "#1  0x00007f in parse (p=0x0) at x.c:12" or "#0  parse (p=0x0) at x.c:12" */
static void gdb_frame(struct mdl_slice line, struct crashlog *c)
{
	struct mdl_slice s = trim(line);
	if (s.n < 2 || s.p[0] != '#' || s.p[1] < '0' || s.p[1] > '9')
		return;
	s = trim(behind(s, " "));
	if (has(s, " in ") && mdl_slice_eq(mdl_slice_sub(s, 0, 2), MDL_LIT("0x")))
		s = behind(s, " in ");
	add_frame(c, up_to(s, " ("));
}

bool crashlog_gdb(struct mdl_slice output, struct crashlog *out)
{
	struct mdl_slice rest = output, line;
	memset(out, 0, sizeof(*out));
	while (next_line(&rest, &line)) {
		if (has(line, "received signal "))
			put(out->title, sizeof(out->title),
			    up_to(behind(line, "received signal "), "."));
		gdb_frame(line, out);
	}
	add_place(out);
	return out->n_frames > 0;
}

uint64_t crashlog_signature(const struct crashlog *c)
{
	uint64_t h = mdl_hash_str(c->kind, 0);
	for (unsigned i = 0; i < c->n_frames && i < SIGNATURE_FRAMES; i++)
		h = mdl_hash_str(c->frame[i], h);
	return c->n_frames > 0 ? h : mdl_hash_str(c->title, h);
}
