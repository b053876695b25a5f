#include "core/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

enum { DEPTH_MAX = 32 };

struct mdl_conf {
	enum mdl_conf_kind kind;
	const char *file;
	size_t line, column;
	char *key;  /* in a map */
	char *text; /* of a scalar */
	struct mdl_conf **v;
	size_t n, cap;
};

struct parser {
	yaml_parser_t yaml;
	yaml_event_t event;
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

static struct mdl_conf *node_new(const struct parser *p, enum mdl_conf_kind kind)
{
	struct mdl_conf *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->kind = kind;
	c->file = p->name;
	c->line = p->event.start_mark.line + 1;
	c->column = p->event.start_mark.column + 1;
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

static mdl_err complain(struct parser *p, const char *what)
{
	return mdl_fail(p->why, MDL_EMALFORMED, "%s:%zu:%zu: %s", p->name,
			p->event.start_mark.line + 1, p->event.start_mark.column + 1, what);
}

static mdl_err next_event(struct parser *p)
{
	yaml_event_delete(&p->event);
	if (yaml_parser_parse(&p->yaml, &p->event))
		return p->event.type == YAML_ALIAS_EVENT ? complain(p, "aliases are not supported")
							 : MDL_OK;
	memset(&p->event, 0, sizeof(p->event));
	if (p->yaml.error == YAML_MEMORY_ERROR)
		return mdl_fail(p->why, MDL_ENOMEM, "%s: out of memory", p->name);
	return mdl_fail(p->why, MDL_EMALFORMED, "%s:%zu:%zu: %s%s%s", p->name,
			p->yaml.problem_mark.line + 1, p->yaml.problem_mark.column + 1,
			p->yaml.problem == NULL ? "not YAML" : p->yaml.problem,
			p->yaml.context == NULL ? "" : ", ",
			p->yaml.context == NULL ? "" : p->yaml.context);
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
	if (parent->kind == MDL_CONF_MAP) {
		if (p->event.type != YAML_SCALAR_EVENT)
			return complain(p, "expected a key");
		const char *text = (const char *)p->event.data.scalar.value;
		if (mdl_conf_get(parent, text) != NULL)
			return complain(p, "this key stands here twice");
		key = strdup(text);
		err = key == NULL ? MDL_ENOMEM : next_event(p);
	}
	if (err == MDL_OK)
		err = read_node(p, depth, child);
	if (err == MDL_OK)
		(*child)->key = key;
	else
		free(key);
	return err;
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
	if (depth > DEPTH_MAX) {
		complain(p, "nested too deep");
		return MDL_ELIMIT;
	}
	bool scalar = p->event.type == YAML_SCALAR_EVENT;
	struct mdl_conf *c =
		node_new(p, scalar					 ? MDL_CONF_SCALAR
			    : p->event.type == YAML_SEQUENCE_START_EVENT ? MDL_CONF_LIST
									 : MDL_CONF_MAP);
	if (c == NULL)
		return MDL_ENOMEM;
	mdl_err err = MDL_OK;
	if (!scalar)
		err = read_children(p, c, depth + 1);
	else if (strlen((const char *)p->event.data.scalar.value) != p->event.data.scalar.length)
		err = complain(p, "a NUL byte");
	else if ((c->text = strdup((const char *)p->event.data.scalar.value)) == NULL)
		err = MDL_ENOMEM;
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
			return complain(p, "a second document");
	}
	return MDL_OK;
}

mdl_err mdl_conf_parse(struct mdl_slice text, const char *name, struct mdl_conf **out,
		       struct mdl_why *why)
{
	struct parser p = { .name = name, .why = why };
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

mdl_err mdl_conf_fail(const struct mdl_conf *c, struct mdl_why *why, const char *fmt, ...)
{
	struct mdl_why what;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what.text, sizeof(what.text), fmt, ap);
	va_end(ap);
	return mdl_fail(why, MDL_EINVAL, "%s:%zu:%zu: %.400s", c->file, c->line, c->column,
			what.text);
}
