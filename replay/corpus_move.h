/** Conversations into a corpus and out of it: from captures, from other corpora, to captures. */
#pragma once

#include "core/opt.h"
#include "replay/corpus_place.h"
#include "replay/load.h"

/** What became of conversations that were to be added. */
struct corpus_counts {
	size_t files; /* that were named or found in folders */
	size_t added;
	size_t known; /* said before */
	size_t mute;  /* nobody asks anything in them */
	size_t bad;   /* files or entries that could not be read */
};

struct corpus_hooks {
	void (*note)(void *ctx, const char *line);	   /* about captures that lack something */
	void (*bad)(void *ctx, const struct mdl_why *why); /* what was passed over, and why */
	void *ctx;
};

/**
 * Adds the conversations of captures, traces and folders of them, whole. `conf` gives protocol and
 * settings; its callbacks are not used. What cannot be read is passed over and counted. MDL_EIO
 * (the corpus cannot be written), MDL_EINVAL (settings), MDL_ENOMEM.
 */
MDL_MUST mdl_err corpus_import(const struct corpus_place *to, const struct mdl_strings *paths,
			       const struct load_conf *conf, const struct corpus_hooks *hooks,
			       struct corpus_counts *out, struct mdl_why *why);
/** Adds the entries of another corpus or campaign to `to`; counts are added to those in `out`. */
MDL_MUST mdl_err corpus_merge(const struct corpus_place *to, const struct corpus_place *from,
			      const struct corpus_hooks *hooks, struct corpus_counts *out,
			      struct mdl_why *why);

enum {
	EXPORT_PORT = 16384, /* of the first conversation's client */
	EXPORT_MAX = 65536 - EXPORT_PORT
};
/**
 * Writes all entries into one capture, each from a client's port of its own, so that conversations
 * that came of one another can be told apart: pcapng, or pcap if the name ends so; "-" is standard
 * output. MDL_ELIMIT: there are more than EXPORT_MAX. MDL_EIO, MDL_ENOMEM; the file is not complete
 * then.
 */
MDL_MUST mdl_err corpus_export(const struct corpus_place *from, const char *path,
			       const struct corpus_hooks *hooks, struct corpus_counts *out,
			       struct mdl_why *why);
