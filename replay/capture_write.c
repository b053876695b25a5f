#include "replay/capture_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/writer.h"
#include "replay/linktype.h"
#include "replay/pcapng.h"
#include "replay/synth.h"

enum {
	FILE_BUFFER = 256 << 10,
	BLOCK_MAX = 1 << 20,
	NANOSECONDS = 9,
};

struct capture_writer {
	char name[200];
	FILE *f;
	char *buffer; /* of the stream */
	struct mdl_buf block;
	int error; /* errno of the first write that failed */
};

/* ---- blocks: numbers most significant first, as the byte-order magic says ---- */

static void align(struct mdl_writer *w)
{
	mdl_writer_fill(w, 0, -w->b->n & 3);
}

static void option(struct mdl_writer *w, uint16_t code, struct mdl_slice value)
{
	value = mdl_slice_sub(value, 0, UINT16_MAX);
	mdl_writer_be16(w, code);
	mdl_writer_be16(w, (uint16_t)value.n);
	mdl_writer_bytes(w, value);
	align(w);
}

static struct mdl_writer begin(struct capture_writer *c, uint32_t type)
{
	mdl_buf_cut(&c->block, 0);
	struct mdl_writer w = mdl_writer(&c->block);
	mdl_writer_be32(&w, type);
	mdl_writer_be32(&w, 0); /* the length, once it is known */
	return w;
}

static mdl_err failed(struct capture_writer *c)
{
	if (c->error == 0)
		c->error = errno == 0 ? EIO : errno;
	return MDL_EIO;
}

static mdl_err end(struct capture_writer *c, struct mdl_writer *w)
{
	uint32_t len = (uint32_t)c->block.n + 4;
	mdl_writer_be32(w, len);
	if (w->err != MDL_OK)
		return w->err;
	mdl_put_be(c->block.p + 4, len, 4);
	return fwrite(c->block.p, 1, len, c->f) == len ? MDL_OK : failed(c);
}

static mdl_err write_section(struct capture_writer *c, const char *comment)
{
	struct mdl_writer w = begin(c, PCAPNG_SECTION);
	mdl_writer_be32(&w, PCAPNG_BYTE_ORDER);
	mdl_writer_be32(&w, 0x00010000);  /* version 1.0 */
	mdl_writer_be(&w, UINT64_MAX, 8); /* as long as the file is */
	option(&w, PCAPNG_OPT_APPLICATION, MDL_LIT("meddle"));
	if (comment != NULL)
		option(&w, PCAPNG_OPT_COMMENT, mdl_slice_str(comment));
	mdl_writer_be32(&w, 0);
	return end(c, &w);
}

static mdl_err write_interface(struct capture_writer *c)
{
	static const uint8_t resolution[] = { NANOSECONDS };
	struct mdl_writer w = begin(c, PCAPNG_INTERFACE);
	mdl_writer_be16(&w, LINKTYPE_RAW);
	mdl_writer_be16(&w, 0);
	mdl_writer_be32(&w, 0); /* no snap length */
	option(&w, PCAPNG_OPT_TSRESOL, mdl_slice(resolution, sizeof(resolution)));
	mdl_writer_be32(&w, 0);
	return end(c, &w);
}

mdl_err capture_write(struct capture_writer *c, const struct capture_record *r)
{
	struct mdl_writer w = begin(c, PCAPNG_PACKET);
	mdl_writer_be32(&w, 0); /* the interface */
	mdl_writer_be(&w, (uint64_t)(r->at < 0 ? 0 : r->at), 8);
	mdl_writer_be32(&w, (uint32_t)r->ip.n);
	mdl_writer_be32(&w, (uint32_t)(r->length > r->ip.n ? r->length : r->ip.n));
	mdl_writer_bytes(&w, r->ip);
	align(&w);
	if (r->comment != NULL) {
		option(&w, PCAPNG_OPT_COMMENT, mdl_slice_str(r->comment));
		mdl_writer_be32(&w, 0);
	}
	return c->error == 0 ? end(c, &w) : MDL_EIO;
}

/* ---- traces ---- */

/* A message that is not as it was seen, or not all of it, says so. */
static const char *comment_of(const struct synth_packet *p, char *out, size_t size)
{
	const struct mdl_msg *m = p->begins;
	bool fits = p->length == p->ip.n;
	if (m == NULL || (m->flags == 0 && fits))
		return NULL;
	snprintf(out, size, "%zu bytes%s%s%s%s", m->bytes.n,
		 (m->flags & MDL_MSG_MADE) != 0 ? ", made or changed" : "",
		 (m->flags & MDL_MSG_CUT) != 0 ? ", not all of it was captured" : "",
		 (m->flags & MDL_MSG_RAW) != 0 ? ", not framed" : "",
		 fits ? "" : ", too long for a datagram");
	return out;
}

static mdl_err write_synth(void *ctx, const struct synth_packet *p)
{
	char text[160];
	struct capture_record r = { .at = p->at,
				    .ip = p->ip,
				    .length = p->length,
				    .comment = comment_of(p, text, sizeof(text)) };
	return capture_write(ctx, &r);
}

mdl_err capture_write_trace(struct capture_writer *c, const struct mdl_trace *t)
{
	return synth_trace(t, write_synth, c);
}

/* ---- files ---- */

/* Standard output through a descriptor of our own: it stays open for others. */
static FILE *open_output(void)
{
	int fd = dup(STDOUT_FILENO);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (f == NULL && fd >= 0)
		close(fd);
	return f;
}

static void close_writer(struct capture_writer *c)
{
	if (c->f != NULL && fclose(c->f) != 0)
		failed(c);
	c->f = NULL;
	free(c->buffer);
	mdl_buf_fini(&c->block);
}

static mdl_err open_file(struct capture_writer *c, const char *path, struct mdl_why *why)
{
	bool output = strcmp(path, "-") == 0;
	snprintf(c->name, sizeof(c->name), "%s", output ? "standard output" : path);
	c->f = output ? open_output() : fopen(path, "we");
	if (c->f == NULL)
		return mdl_fail(why, MDL_EIO, "%s: %s", c->name, strerror(errno));
	c->buffer = malloc(FILE_BUFFER);
	if (c->buffer == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	setvbuf(c->f, c->buffer, _IOFBF, FILE_BUFFER);
	return MDL_OK;
}

mdl_err capture_create(const char *path, const char *comment, struct capture_writer **out,
		       struct mdl_why *why)
{
	struct capture_writer *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	mdl_buf_init(&c->block, BLOCK_MAX);
	mdl_err err = open_file(c, path, why);
	if (err == MDL_OK)
		err = write_section(c, comment);
	if (err == MDL_OK)
		err = write_interface(c);
	if (err == MDL_OK) {
		*out = c;
		return MDL_OK;
	}
	if (err != MDL_EIO || c->error != 0)
		mdl_fail(why, err, "%s: %s", c->name,
			 c->error != 0 ? strerror(c->error) : mdl_err_text(err));
	close_writer(c);
	free(c);
	return err;
}

mdl_err capture_finish(struct capture_writer *c, struct mdl_why *why)
{
	close_writer(c);
	mdl_err err = c->error == 0 ? MDL_OK : MDL_EIO;
	if (err != MDL_OK)
		mdl_fail(why, err, "%s: %s; the file is not complete", c->name, strerror(c->error));
	free(c);
	return err;
}
