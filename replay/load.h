/**
 * Conversations from whatever people name: captures, trace files, folders of either. A folder gives
 * its captures (.pcap, .pcapng, .cap) and traces (.trace), in order of names, and those of the
 * folders in it.
 */
#pragma once

#include "core/opt.h"
#include "replay/assemble.h"

struct load_conf {
	const struct mdl_protocol *proto; /* NULL: found out */
	const struct mdl_strings *settings;
	/** A line about each capture that lacks something; may be NULL. */
	void (*on_note)(void *ctx, const char *line);
	/** A file that cannot be read; it is passed over. NULL: is an error. */
	void (*on_bad)(void *ctx, const struct mdl_why *why);
	void *ctx;
};

struct load_stats {
	size_t files;
	uint64_t packets, lost; /* of captures; bytes that their streams lack */
};

/** Does the file begin as a trace does? */
bool load_is_trace(const char *path);
/** Appends what the path holds. MDL_EIO, MDL_EMALFORMED, MDL_ENOMEM with the reason. */
MDL_MUST mdl_err load_path(const char *path, const struct load_conf *conf, struct trace_list *out,
			   struct load_stats *stats, struct mdl_why *why);
/** All of them. MDL_ENOTFOUND: there is no conversation in any of them. */
MDL_MUST mdl_err load_paths(const struct mdl_strings *paths, const struct load_conf *conf,
			    struct trace_list *out, struct load_stats *stats, struct mdl_why *why);
/** The protocol that most of the traces speak, raw last; NULL if there are none. */
const struct mdl_protocol *load_majority(const struct trace_list *l);
/** Takes `t` on success. MDL_ENOMEM. */
MDL_MUST mdl_err trace_list_add(struct trace_list *l, struct mdl_trace *t);
