/**
 * Fields: an index into the bytes of one message. The bytes are the truth; a field is a row of the
 * protocol's table, an offset and a length. Edits go through the index: they change the bytes, move
 * later fields and grow enclosing spans in one step, so that the index always says what is meant.
 */
#pragma once

#include "core/buf.h"
#include "core/cursor.h"

struct mdl_ctx;
struct mdl_protocol;

#define MDL_NO_FIELD UINT32_MAX

enum mdl_kind {
	MDL_UINT,    /* unsigned, big-endian, up to 8 bytes (longer: the last 8) */
	MDL_UINT_LE, /* the same, little-endian */
	MDL_BITS,    /* `bits` bits, `shift` above the lowest, of a big-endian number */
	MDL_DECIMAL, /* digits */
	MDL_BYTES,   /* opaque */
	MDL_TEXT,    /* for people */
	MDL_NAME,    /* a domain name, RFC 1035 section 3.1, compressed or not */
	MDL_IPV4,
	MDL_IPV6,
	MDL_SPAN,    /* holds the fields that follow one deeper */
	MDL_PAYLOAD, /* a message of another protocol, whose fields follow one deeper */
};

enum mdl_field_flag {
	MDL_F_LENGTH = 1 << 0,	   /* says the bytes of `of` */
	MDL_F_COUNT = 1 << 1,	   /* says the children of the span `of` */
	MDL_F_OFFSET = 1 << 2,	   /* says where something stands; the index knows it as `ref` */
	MDL_F_SEAL = 1 << 3,	   /* checksum, MAC or signature */
	MDL_F_VOLATILE = 1 << 4,   /* differs between equal runs */
	MDL_F_GIVEN = 1 << 5,	   /* the peer chose it */
	MDL_F_ECHO = 1 << 6,	   /* must repeat what the peer gave in `of` */
	MDL_F_NOW = 1 << 7,	   /* seconds since 1970 */
	MDL_F_NONCE = 1 << 8,	   /* new each time */
	MDL_F_SECRET = 1 << 9,	   /* never logged */
	MDL_F_REPEAT = 1 << 10,	   /* there may be several beside each other */
	MDL_F_UNORDERED = 1 << 11, /* a span whose children may come in any order */
	MDL_F_HEX = 1 << 12,	   /* people read it in hex */
};

/** A number with a name; lists end with a NULL name. */
struct mdl_value {
	uint64_t v;
	const char *name;
};

struct mdl_field_def {
	const char *name; /* last part of the path, "qtype" */
	enum mdl_kind kind;
	unsigned flags; /* enum mdl_field_flag */
	uint16_t of; /* what LENGTH, COUNT and ECHO speak about: an enclosing field, else the next
			      one, of that row in the same layer */
	uint8_t shift, bits;		/* BITS */
	uint8_t scale;			/* LENGTH: bytes a unit; 0 means 1 */
	int8_t bias;			/* LENGTH: units the number says less than there are */
	const struct mdl_value *values; /* known numbers; names for `show`, values for `mutate` */
	const char *const *texts;	/* known texts, NULL-terminated; for `mutate` */
};

#define MDL_NO_REF UINT32_MAX
enum { MDL_LAYERS_MAX = 8, MDL_NOTES_MAX = 8, MDL_FIELDS_MAX = 1 << 16 };

struct mdl_field {
	uint32_t off, len; /* in the message */
	uint32_t ref;	   /* OFFSET: the offset it points to; else MDL_NO_REF */
	uint32_t parent;   /* the field that holds it; MDL_NO_FIELD for the outermost */
	uint16_t def;
	uint8_t depth; /* children of the field before stand one deeper than it */
	uint8_t layer;
	bool pinned; /* set on purpose: repair leaves it as it is */
};

struct mdl_layer {
	const struct mdl_protocol *proto;
	struct mdl_ctx *x;
	uint32_t base; /* where its message begins */
};

/** Something odd that the dissector saw; the text is constant. */
struct mdl_note {
	const char *text;
	uint32_t off;
};

struct mdl_fields {
	struct mdl_field *v; /* in the order of the bytes; a field stands before its children */
	uint32_t n, cap;
	uint32_t parent; /* of the next field added */
	uint8_t depth;	 /* of the next field added */
	uint8_t layer;	 /* the layer being added to */
	uint8_t n_layers, n_notes;
	mdl_err err; /* sticky: MDL_ENOMEM or MDL_ELIMIT while adding */
	struct mdl_layer layers[MDL_LAYERS_MAX];
	struct mdl_note notes[MDL_NOTES_MAX];
};

/** Empty; allocates with the first field and then keeps its room for the next message. */
void mdl_fields_init(struct mdl_fields *f);
void mdl_fields_fini(struct mdl_fields *f);
void mdl_fields_clear(struct mdl_fields *f);
MDL_MUST mdl_err mdl_fields_copy(struct mdl_fields *to, const struct mdl_fields *from);
/** Room for `extra` more; MDL_ELIMIT (over MDL_FIELDS_MAX), MDL_ENOMEM. */
MDL_MUST mdl_err mdl_fields_reserve(struct mdl_fields *f, uint32_t extra);

/* ---- for dissectors: offsets are the cursor's, counted from the start of the layer ---- */

/** Adds a field of `len` bytes at `off`; its index, or the last one if there is no room. */
uint32_t mdl_field_add(struct mdl_fields *f, uint16_t def, size_t off, size_t len);
/** Adds a field with MDL_F_OFFSET that points to offset `to` of the layer. */
void mdl_field_add_ref(struct mdl_fields *f, uint16_t def, size_t off, size_t len, size_t to);
/** A field of a fixed layout: where it lies behind the layout's beginning. */
struct mdl_shape {
	uint16_t def;
	uint8_t off, len;
	uint8_t in; /* the row of the layout that holds it, counted from 1; 0: none of them */
};
/** Adds the `n` fields of a layout that begins at `off`; for headers, cheaper than one by one. */
void mdl_field_add_shape(struct mdl_fields *f, const struct mdl_shape *shape, size_t n, size_t off);
/** Adds a span (or another field with children) that begins at `off`; fields added until close are its children. */
uint32_t mdl_field_open(struct mdl_fields *f, uint16_t def, size_t off);
/** The span ends at `end`. */
void mdl_field_close(struct mdl_fields *f, uint32_t i, size_t end);
/** Adds the next `n` bytes of `c` as a field and gives them; nothing is added if they are not there. */
struct mdl_slice mdl_field_take(struct mdl_fields *f, uint16_t def, struct mdl_cursor *c, size_t n);
/** The same for a big-endian number of `n` bytes. */
uint64_t mdl_field_be(struct mdl_fields *f, uint16_t def, struct mdl_cursor *c, size_t n);
/**
 * Adds `len` bytes at `off` as a payload and, if `inner` is not NULL, takes them apart with it as a
 * further layer. What `inner` cannot read is noted, not an error of the outer message.
 */
void mdl_field_payload(struct mdl_fields *f, struct mdl_ctx *x, uint16_t def, struct mdl_slice msg,
		       size_t off, size_t len, const struct mdl_protocol *inner);
/** Notes something odd at `off`; `text` is a constant. Kept up to MDL_NOTES_MAX. */
void mdl_field_note(struct mdl_fields *f, const char *text, size_t off);

/* ---- for readers; mdl_field_def, which gives the row of a field, is in protocol.h ---- */

static inline struct mdl_slice mdl_field_bytes(const struct mdl_fields *f, struct mdl_slice msg,
					       uint32_t i)
{
	return mdl_slice_sub(msg, f->v[i].off, f->v[i].len);
}
/** True for the kinds that are numbers. */
bool mdl_field_is_uint(const struct mdl_fields *f, uint32_t i);
/** The number in a field; 0 for kinds that have none. */
uint64_t mdl_field_uint(const struct mdl_fields *f, struct mdl_slice msg, uint32_t i);
/** The greatest number the field can hold in the bytes it has. */
uint64_t mdl_field_max(const struct mdl_fields *f, uint32_t i);
/** The index behind the field and all its children. */
uint32_t mdl_field_end(const struct mdl_fields *f, uint32_t i);
/**
 * The field a LENGTH, COUNT or ECHO speaks about: an enclosing one, else the next one before another
 * field of the same row as `i`; MDL_NO_FIELD if it is not there.
 */
uint32_t mdl_field_target(const struct mdl_fields *f, uint32_t i);
/** Children of a span. */
uint32_t mdl_field_children(const struct mdl_fields *f, uint32_t i);
/** The first field of row `def` in the outermost layer from index `from` on; MDL_NO_FIELD. */
uint32_t mdl_field_next(const struct mdl_fields *f, uint16_t def, uint32_t from);

/**
 * Appends the path, "dns.answer.rr[1].ttl"; a number in brackets where a field may repeat. Layers
 * begin with the name of their protocol.
 */
MDL_MUST mdl_err mdl_field_path(const struct mdl_fields *f, uint32_t i, struct mdl_buf *out);
/**
 * True if the parts of `pattern` stand in the path of `i` in that order and the last ones are the
 * same: "dns.answer.ttl" and "ttl" match "dns.answer.rr[1].ttl".
 */
bool mdl_field_matches(const struct mdl_fields *f, uint32_t i, const char *pattern);

/* ---- edits: `msg` and the index that belongs to it, changed together ---- */

/** Replaces the bytes of field `i`; its children leave the index. MDL_ELIMIT, MDL_ENOMEM: unchanged. */
MDL_MUST mdl_err mdl_field_splice(struct mdl_buf *msg, struct mdl_fields *f, uint32_t i,
				  struct mdl_slice with);
/** Writes a number, cut to what the field holds. Only DECIMAL may change its length. */
MDL_MUST mdl_err mdl_field_set(struct mdl_buf *msg, struct mdl_fields *f, uint32_t i, uint64_t v);
/**
 * Replaces `len` bytes at `off`, wherever fields begin or end there: the innermost field that holds
 * them all changes its length, fields inside it that are touched leave the index, and everything
 * around and behind follows. MDL_EINVAL if they lie outside the message; else as splice.
 */
MDL_MUST mdl_err mdl_field_edit(struct mdl_buf *msg, struct mdl_fields *f, size_t off, size_t len,
				struct mdl_slice with);
/** Takes out the field with its children. */
MDL_MUST mdl_err mdl_field_remove(struct mdl_buf *msg, struct mdl_fields *f, uint32_t i);
/**
 * Puts `times` copies of field `j` of `from` (bytes `bytes`), with its children, in front of field
 * `at` of `f`, as siblings of it; with at == mdl_field_end(parent) as the last child of `parent`. `from`
 * may be `f` itself, with `bytes` not lying inside `msg`. MDL_EINVAL if the two are of different
 * protocols; MDL_ELIMIT, MDL_ENOMEM: unchanged.
 */
MDL_MUST mdl_err mdl_field_graft(struct mdl_buf *msg, struct mdl_fields *f, uint32_t parent,
				 uint32_t at, const struct mdl_fields *from, struct mdl_slice bytes,
				 uint32_t j, uint32_t times);
