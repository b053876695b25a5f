/** The facts of a report for machines. */
#pragma once

#include "replay/report.h"

/** Prints one JSON document; false if out of memory. */
bool report_json(const struct report *r);
