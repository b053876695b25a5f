#include "core/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

enum { DEPTH_MAX = 32, KEYS_MAX = 4096 };

struct place {
	size_t line, column; /* counted from 1 */
};

struct mdl_conf {
	enum mdl_conf_kind kind;
	const char *file;
	struct place at, key_at;
	char *key;  /* in a map */
	char *text; /* of a scalar */
	struct mdl_conf **v;
	size_t n, cap;
};

struct parser {
	yaml_parser_t yaml;
	yaml_event_t event;
	struct mdl_slice text;
	const char *name;
	struct mdl_why *why;
};

void mdl_conf_free(struct mdl_conf *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		mdl_conf_free(c->v[i]);
	free(c->v);
	free(c->key);
	free(c->text);
	free(c);
}

static struct place place(const struct parser *p)
{
	const yaml_mark_t *m = &p->event.start_mark;
	return (struct place){ m->line + 1, m->column + 1 };
}

static struct mdl_conf *node_new(const struct parser *p, enum mdl_conf_kind kind)
{
	struct mdl_conf *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->kind = kind;
	c->file = p->name;
	c->at = place(p);
	return c;
}

static mdl_err node_add(struct mdl_conf *parent, struct mdl_conf *child)
{
	if (parent->n == parent->cap) {
		size_t cap = parent->cap == 0 ? 4 : parent->cap * 2;
		struct mdl_conf **v = reallocarray(parent->v, cap, sizeof(struct mdl_conf *));
		if (v == NULL)
			return MDL_ENOMEM;
		parent->v = v;
		parent->cap = cap;
	}
	parent->v[parent->n++] = child;
	return MDL_OK;
}

static mdl_err complain_at(const struct parser *p, struct place at, mdl_err err, const char *what)
{
	return mdl_fail(p->why, err, "%s:%zu:%zu: %s", p->name, at.line, at.column, what);
}

static mdl_err complain(const struct parser *p, mdl_err err, const char *what)
{
	return complain_at(p, place(p), err, what);
}

/* Where libyaml gave up. For bytes that are no text it knows an offset only. */
static struct place problem_place(const struct parser *p)
{
	const yaml_mark_t *m = &p->yaml.problem_mark;
	if (p->yaml.error != YAML_READER_ERROR)
		return (struct place){ m->line + 1, m->column + 1 };
	struct place at = { 1, 1 };
	for (size_t i = 0; i < p->text.n && i < p->yaml.problem_offset; i++) {
		at.column++;
		if (p->text.p[i] == '\n')
			at = (struct place){ at.line + 1, 1 };
	}
	return at;
}

static mdl_err parse_error(const struct parser *p)
{
	char what[256];
	if (p->yaml.error == YAML_MEMORY_ERROR)
		return MDL_ENOMEM;
	snprintf(what, sizeof(what), "%s%s%s",
		 p->yaml.problem == NULL ? "not YAML" : p->yaml.problem,
		 p->yaml.context == NULL ? "" : ", ",
		 p->yaml.context == NULL ? "" : p->yaml.context);
	return complain_at(p, problem_place(p), MDL_EMALFORMED, what);
}

static bool anchored(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return true;
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor != NULL;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor != NULL;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor != NULL;
	default:
		return false;
	}
}

static mdl_err next_event(struct parser *p)
{
	yaml_event_delete(&p->event);
	if (!yaml_parser_parse(&p->yaml, &p->event)) {
		memset(&p->event, 0, sizeof(p->event));
		return parse_error(p);
	}
	if (anchored(&p->event))
		return complain(p, MDL_EMALFORMED, "anchors and aliases are not supported");
	return MDL_OK;
}

/* A copy of the scalar that the current event is. */
static mdl_err take_scalar(const struct parser *p, char **out)
{
	const char *text = (const char *)p->event.data.scalar.value;
	if (strlen(text) != p->event.data.scalar.length)
		return complain(p, MDL_EMALFORMED, "a NUL byte");
	*out = strdup(text);
	return *out == NULL ? MDL_ENOMEM : MDL_OK;
}

/* Reads the key that the current event is, and moves on to its value. */
static mdl_err read_key(struct parser *p, const struct mdl_conf *map, char **key)
{
	if (p->event.type != YAML_SCALAR_EVENT)
		return complain(p, MDL_EMALFORMED, "expected a key");
	if (map->n == KEYS_MAX) /* each new key is compared with all before */
		return complain(p, MDL_ELIMIT, "more than 4096 keys");
	mdl_err err = take_scalar(p, key);
	if (err == MDL_OK && mdl_conf_get(map, *key) != NULL)
		err = complain(p, MDL_EMALFORMED, "this key stands here twice");
	return err == MDL_OK ? next_event(p) : err;
}

static mdl_err read_node(struct parser *p, unsigned depth, struct mdl_conf **out);

/* Reads the next child of a list or map into `child`; NULL at its end. */
static mdl_err read_child(struct parser *p, const struct mdl_conf *parent, unsigned depth,
			  struct mdl_conf **child)
{
	char *key = NULL;
	*child = NULL;
	mdl_err err = next_event(p);
	if (err != MDL_OK || p->event.type == YAML_SEQUENCE_END_EVENT ||
	    p->event.type == YAML_MAPPING_END_EVENT)
		return err;
	struct place key_at = place(p);
	if (parent->kind == MDL_CONF_MAP)
		err = read_key(p, parent, &key);
	if (err == MDL_OK)
		err = read_node(p, depth, child);
	if (err != MDL_OK) {
		free(key);
		return err;
	}
	(*child)->key = key;
	(*child)->key_at = key_at;
	return MDL_OK;
}

static mdl_err read_children(struct parser *p, struct mdl_conf *c, unsigned depth)
{
	for (;;) {
		struct mdl_conf *child;
		mdl_err err = read_child(p, c, depth, &child);
		if (err != MDL_OK || child == NULL)
			return err;
		err = node_add(c, child);
		if (err != MDL_OK) {
			mdl_conf_free(child);
			return err;
		}
	}
}

/* Reads the node that the current event begins. */
static mdl_err read_node(struct parser *p, unsigned depth, struct mdl_conf **out)
{
	static const enum mdl_conf_kind kinds[] = {
		[YAML_SCALAR_EVENT] = MDL_CONF_SCALAR,
		[YAML_SEQUENCE_START_EVENT] = MDL_CONF_LIST,
		[YAML_MAPPING_START_EVENT] = MDL_CONF_MAP,
	};
	if (depth > DEPTH_MAX)
		return complain(p, MDL_ELIMIT, "nested too deep");
	struct mdl_conf *c = node_new(p, kinds[p->event.type]);
	if (c == NULL)
		return MDL_ENOMEM;
	mdl_err err = c->kind == MDL_CONF_SCALAR ? take_scalar(p, &c->text)
						 : read_children(p, c, depth + 1);
	if (err == MDL_OK)
		*out = c;
	else
		mdl_conf_free(c);
	return err;
}

static mdl_err read_document(struct parser *p, struct mdl_conf **out)
{
	mdl_err err = next_event(p); /* the stream's start */
	if (err == MDL_OK)
		err = next_event(p);
	if (err != MDL_OK)
		return err;
	if (p->event.type == YAML_STREAM_END_EVENT) {
		*out = node_new(p, MDL_CONF_MAP);
		return *out == NULL ? MDL_ENOMEM : MDL_OK;
	}
	err = next_event(p); /* behind the document's start */
	return err == MDL_OK ? read_node(p, 0, out) : err;
}

static mdl_err end_of_document(struct parser *p)
{
	while (p->event.type != YAML_STREAM_END_EVENT) {
		mdl_err err = next_event(p);
		if (err != MDL_OK)
			return err;
		if (p->event.type == YAML_DOCUMENT_START_EVENT)
			return complain(p, MDL_EMALFORMED, "a second document");
	}
	return MDL_OK;
}

mdl_err mdl_conf_parse(struct mdl_slice text, const char *name, struct mdl_conf **out,
		       struct mdl_why *why)
{
	struct parser p = { .text = text, .name = name, .why = why };
	struct mdl_conf *root = NULL;
	if (!yaml_parser_initialize(&p.yaml))
		return mdl_fail(why, MDL_ENOMEM, "%s: out of memory", name);
	yaml_parser_set_input_string(&p.yaml, text.n == 0 ? (const uint8_t *)"" : text.p, text.n);
	mdl_err err = read_document(&p, &root);
	if (err == MDL_OK)
		err = end_of_document(&p);
	yaml_event_delete(&p.event);
	yaml_parser_delete(&p.yaml);
	if (err == MDL_OK)
		*out = root;
	else
		mdl_conf_free(root);
	if (err == MDL_ENOMEM)
		mdl_fail(why, err, "%s: out of memory", name);
	return err;
}

enum mdl_conf_kind mdl_conf_kind(const struct mdl_conf *c)
{
	return c->kind;
}

const char *mdl_conf_scalar(const struct mdl_conf *c)
{
	return c->text;
}

size_t mdl_conf_count(const struct mdl_conf *c)
{
	return c->n;
}

const struct mdl_conf *mdl_conf_at(const struct mdl_conf *c, size_t i)
{
	return c->v[i];
}

const char *mdl_conf_key(const struct mdl_conf *c, size_t i)
{
	return c->v[i]->key;
}

const struct mdl_conf *mdl_conf_get(const struct mdl_conf *c, const char *key)
{
	for (size_t i = 0; c->kind == MDL_CONF_MAP && i < c->n; i++)
		if (strcmp(c->v[i]->key, key) == 0)
			return c->v[i];
	return NULL;
}

MDL_PRINTF(4, 0)
static mdl_err fail_at(const struct mdl_conf *c, struct place at, struct mdl_why *why,
		       const char *fmt, va_list ap)
{
	struct mdl_why what;
	vsnprintf(what.text, sizeof(what.text), fmt, ap);
	return mdl_fail(why, MDL_EINVAL, "%s:%zu:%zu: %.400s", c->file, at.line, at.column,
			what.text);
}

mdl_err mdl_conf_fail(const struct mdl_conf *c, struct mdl_why *why, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	mdl_err err = fail_at(c, c->at, why, fmt, ap);
	va_end(ap);
	return err;
}

mdl_err mdl_conf_fail_key(const struct mdl_conf *c, struct mdl_why *why, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	mdl_err err = fail_at(c, c->key_at, why, fmt, ap);
	va_end(ap);
	return err;
}
