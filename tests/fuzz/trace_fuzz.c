/* A trace that can be read is written so that it reads as the same trace, and writes the same. */
#include <assert.h>

#include "core/tracefmt.h"
#include "support/trace_eq.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read_again(const struct mdl_trace *t)
{
	struct mdl_trace *back = NULL;
	struct mdl_buf once, twice;
	mdl_buf_init(&once, MDL_BUF_MAX);
	mdl_buf_init(&twice, MDL_BUF_MAX);
	mdl_err err = mdl_trace_write(t, &once);
	assert(err == MDL_OK);
	err = mdl_trace_read(mdl_buf_slice(&once), "again", &back, NULL);
	assert(err == MDL_OK);
	assert(trace_eq(t, back));
	assert(mdl_trace_hash(t) == mdl_trace_hash(back));
	err = mdl_trace_write(back, &twice);
	assert(err == MDL_OK);
	assert(mdl_slice_eq(mdl_buf_slice(&once), mdl_buf_slice(&twice)));
	mdl_trace_free(back);
	mdl_buf_fini(&once);
	mdl_buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mdl_trace *t = NULL;
	struct mdl_why why = { "" };
	mdl_err err = mdl_trace_read(mdl_slice(data, size), "input", &t, &why);
	if (err == MDL_OK)
		write_and_read_again(t);
	else {
		assert(err == MDL_EMALFORMED);
		assert(strncmp(why.text, "input:", 6) == 0);
		assert(strstr(why.text, ": expected ") != NULL);
	}
	mdl_trace_free(t);
	return 0;
}
