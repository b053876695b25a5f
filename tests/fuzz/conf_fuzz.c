/* Any text gives a tree whose keys find their children, or a complaint that says where. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#include "core/conf.h"
#include "support/all_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "input:12:3: something" */
static void check_complaint(const char *text)
{
	assert(strncmp(text, "input:", 6) == 0);
	const char *p = text + 6;
	for (int i = 0; i < 2; i++) {
		assert(*p >= '1' && *p <= '9');
		while (isdigit((unsigned char)*p))
			p++;
		assert(*p++ == ':');
	}
	assert(p[0] == ' ' && p[1] != 0);
}

static void walk(const struct mdl_conf *c)
{
	struct mdl_why why = { "" };
	enum mdl_conf_kind kind = mdl_conf_kind(c);
	assert((mdl_conf_scalar(c) != NULL) == (kind == MDL_CONF_SCALAR));
	assert(kind != MDL_CONF_SCALAR || mdl_conf_count(c) == 0);
	for (size_t i = 0; i < mdl_conf_count(c); i++) {
		const struct mdl_conf *child = mdl_conf_at(c, i);
		const char *key = mdl_conf_key(c, i);
		assert((key != NULL) == (kind == MDL_CONF_MAP));
		assert(key == NULL || i > 100 || mdl_conf_get(c, key) == child);
		walk(child);
	}
	mdl_err err = mdl_conf_fail(c, &why, "x");
	assert(err == MDL_EINVAL);
	check_complaint(why.text);
}

static void fill_options(const struct mdl_conf *c)
{
	struct mdl_why why = { "" };
	struct all *a = calloc(1, sizeof(*a));
	mdl_err err = mdl_opts_conf(table, c, a, &why);
	assert(err == MDL_OK || err == MDL_EINVAL);
	if (err != MDL_OK)
		check_complaint(why.text);
	free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mdl_conf *c = NULL;
	struct mdl_why why = { "" };
	mdl_err err = mdl_conf_parse(mdl_slice(data, size), "input", &c, &why);
	if (err == MDL_OK) {
		walk(c);
		fill_options(c);
	} else {
		assert(err == MDL_EMALFORMED || err == MDL_ELIMIT);
		check_complaint(why.text);
	}
	mdl_conf_free(c);
	return 0;
}
