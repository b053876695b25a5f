/* Conversations of findings as HTML: whatever was said, the page stays whole. The input holds what was
 * said and, behind the first NUL, the seed it was made of, both as text of traces. */
#include <assert.h>

#include "core/tracefmt.h"
#include "replay/report_talk.h"
#include "support/wellformed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mdl_trace *read_trace(struct mdl_slice text)
{
	struct mdl_trace *t;
	return mdl_trace_read(text, "input", &t, NULL) == MDL_OK ? t : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mdl_slice all = mdl_slice(data, size);
	size_t first = mdl_slice_find(all, mdl_slice("", 1));
	struct mdl_trace *said = read_trace(mdl_slice_sub(all, 0, first));
	struct mdl_trace *seed = read_trace(mdl_slice_sub(all, first + 1, SIZE_MAX));
	struct mdl_buf page;
	struct html h;
	if (said != NULL) {
		struct talk t = { said->proto, NULL, said, seed };
		mdl_buf_init(&page, MDL_BUF_MAX);
		html_init(&h, &page);
		report_talk(&h, &t);
		report_talk_lines(&h, &t);
		assert(h.depth == 0);
		assert(h.err != MDL_OK || wellformed(mdl_buf_slice(&page)));
		mdl_buf_fini(&page);
	}
	mdl_trace_free(said);
	mdl_trace_free(seed);
	return 0;
}
