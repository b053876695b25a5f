/**
 * Hash maps are uthash. This header sets it up so that running out of memory is an error like any
 * other: after HASH_ADD, `mdl_map_added(item)` is false if there was no room.
 */
#pragma once

#define HASH_NONFATAL_OOM	  1
#define uthash_nonfatal_oom(item) ((void)(item))
#include <uthash.h>

#define mdl_map_added(item) ((item)->hh.tbl != NULL)
