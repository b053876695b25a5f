#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "protocols/registry.h"
#include "replay/capture_write.h"
#include "replay/corpus_move.h"
#include "replay/synth.h"

enum { LINKTYPE = DLT_RAW, SNAPLEN = 262144, PORT_DISCARD = 9 };

struct output {
	const char *path;
	struct capture_writer *pcapng; /* one of the two */
	pcap_t *pcap;
	pcap_dumper_t *dump;
	const struct corpus_hooks *hooks;
	struct corpus_counts *counts;
	struct mdl_why *why;
};

static bool ends_with(const char *path, const char *ending)
{
	size_t n = strlen(path), e = strlen(ending);
	return n >= e && strcmp(path + n - e, ending) == 0;
}

/* ---- the two formats ---- */

static mdl_err open_pcap(struct output *o)
{
	o->pcap =
		pcap_open_dead_with_tstamp_precision(LINKTYPE, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
	if (o->pcap == NULL)
		return mdl_fail(o->why, MDL_ENOMEM, "out of memory");
	o->dump = pcap_dump_open(o->pcap, o->path);
	return o->dump == NULL ? mdl_fail(o->why, MDL_EIO, "%s", pcap_geterr(o->pcap)) : MDL_OK;
}

static mdl_err open_output(struct output *o)
{
	if (ends_with(o->path, ".pcap"))
		return open_pcap(o);
	return capture_create(o->path, "a corpus of meddle", &o->pcapng, o->why);
}

static mdl_err write_packet(void *ctx, const struct synth_packet *p)
{
	struct output *o = ctx;
	size_t length = p->length > p->ip.n ? p->length : p->ip.n;
	struct pcap_pkthdr h = { .caplen = (bpf_u_int32)p->ip.n, .len = (bpf_u_int32)length };
	h.ts.tv_sec = p->at / MDL_SEC;
	h.ts.tv_usec = p->at % MDL_SEC; /* the file says that these are nanoseconds */
	pcap_dump((u_char *)o->dump, &h, p->ip.p);
	return ferror(pcap_dump_file(o->dump)) ? MDL_EIO : MDL_OK;
}

static mdl_err close_pcap(struct output *o, mdl_err err)
{
	bool full = false;
	if (o->dump != NULL) {
		full = pcap_dump_flush(o->dump) != 0 || ferror(pcap_dump_file(o->dump));
		if (full)
			mdl_fail(o->why, MDL_EIO, "%s: %s; the file is not complete", o->path,
				 strerror(errno));
		pcap_dump_close(o->dump);
	}
	if (o->pcap != NULL)
		pcap_close(o->pcap);
	return full ? MDL_EIO : err;
}

static mdl_err close_output(struct output *o, mdl_err err)
{
	if (o->pcapng == NULL)
		return close_pcap(o, err);
	struct mdl_why why;
	mdl_err end = capture_finish(o->pcapng, &why);
	return end == MDL_OK ? err : mdl_fail(o->why, end, "%s", why.text);
}

/* ---- entries ---- */

/* Those that were written by hand need not say who speaks. */
static void set_addresses(struct mdl_trace *t)
{
	static const uint8_t client[4] = { 192, 0, 2, 1 }, server[4] = { 192, 0, 2, 2 };
	const struct mdl_protocol *p = mdl_protocol_find(t->proto);
	if (t->client.family != 0 && t->client.family == t->server.family)
		return;
	t->client = mdl_inet4(client, 0);
	t->server = mdl_inet4(server, p != NULL && p->ports != NULL ? p->ports[0] : PORT_DISCARD);
}

/* Entries that were made of one another have the same addresses; their ports tell them apart. */
static mdl_err export_entry(void *ctx, const struct corpus_entry *e)
{
	struct output *o = ctx;
	struct mdl_trace t = *e->trace; /* borrows the messages */
	set_addresses(&t);
	if (o->counts->added == EXPORT_MAX)
		return mdl_fail(o->why, MDL_ELIMIT,
				"%s: more than %d conversations do not fit into one capture; "
				"export to a folder",
				o->path, EXPORT_MAX);
	t.client.port = (uint16_t)(EXPORT_PORT + o->counts->added);
	mdl_err err = o->pcapng != NULL ? capture_write_trace(o->pcapng, &t)
					: synth_trace(&t, write_packet, o);
	o->counts->added += err == MDL_OK;
	return err == MDL_OK ? err : mdl_fail(o->why, err, "%s: %s", o->path, mdl_err_text(err));
}

static void on_bad(void *ctx, const struct mdl_why *why)
{
	const struct output *o = ctx;
	o->counts->bad++;
	o->hooks->bad(o->hooks->ctx, why);
}

mdl_err corpus_export(const struct corpus_place *from, const char *path,
		      const struct corpus_hooks *hooks, struct corpus_counts *out,
		      struct mdl_why *why)
{
	struct output o = { .path = path, .hooks = hooks, .counts = out, .why = why };
	mdl_err err = open_output(&o);
	if (err == MDL_OK)
		err = corpus_visit(from, &(struct corpus_visitor){ export_entry, on_bad, &o }, why);
	return close_output(&o, err);
}
