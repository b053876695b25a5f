#include "bugs.h"

#include <stddef.h>

#include "behaviour.h"

static void plant_none(void)
{
}

const struct bug bugs[] = {
	{ "none", "no bug: the control", plant_none },
	{ "overread", "client subnet: the prefix says how many bytes are read", plant_overread },
	{ "hang", "names: a pointer may lead into the name that it ends", plant_hang },
	{ "leak", "an EDNS option that is longer than OPT leaks eight kilobytes", plant_leak },
	{ "fdleak", "connections that end inside a message are never closed", plant_fdleak },
	{ "state", "NOTIFY, transfer, deletion of the SOA, in that order: abort", plant_state },
	{ "wrong-length", "messages are read up to the end of the buffer", plant_wrong_length },
	{ "mixup", "two questions get the id and the answer of an earlier one", plant_mixup },
	{ "crash-a", "NOTIFY without a question: null pointer", plant_crash_a },
	{ "crash-b", "a cookie whose server part is too short or long: failed assertion",
	  plant_crash_b },
	{ NULL, NULL, NULL },
};
