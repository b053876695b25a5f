/** The fields of a message as JSON: spans are objects, what may repeat is always an array. */
#pragma once

#include <jansson.h>

#include "protocols/protocol.h"

/** A new reference; NULL if out of memory. */
json_t *fields_json(const struct mdl_fields *f, struct mdl_slice msg);
/** Bytes as a JSON string: printable ASCII as it is, any other byte as U+00NN. */
json_t *bytes_json(struct mdl_slice s);
