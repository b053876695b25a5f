#include "replay/campaign.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "netns/ns.h"
#include "protocols/registry.h"
#include "replay/book.h"
#include "replay/corpus.h"
#include "replay/crew.h"
#include "replay/files.h"
#include "replay/seeds.h"
#include "replay/words.h"

enum { PATH_SIZE = 4096, TRIAGES_PER_EPOCH = 8, RECIPE_MAX = 4 << 20 };

struct campaign {
	const struct campaign_options *o;
	const struct campaign_hooks *hooks;
	char *const *argv;
	struct campaign_status *status;
	struct mdl_why *why;
	const struct mdl_protocol *proto;
	char out[PATH_SIZE], corpus[PATH_SIZE], findings[PATH_SIZE];
	int hold;   /* the folder is ours */
	bool fresh; /* what is in it too: there was no campaign */
	struct mdl_addr to;
	struct book *book;
	struct maker *maker; /* ours, to make again what turned out to be worth keeping */
	struct crew *crew;
	struct worker_conf worker;
	size_t n_seeds;
	mdl_time began, before; /* the clock at the start; running time of earlier runs */
	mdl_time last_new, last_finding;
	uint64_t rate_cases;
	mdl_time rate_since;
	bool enough; /* a finding was to end it */
};

static mdl_time ran(const struct campaign *c)
{
	return loop_clock() - c->began;
}

/* ---- status ---- */

static void note(const struct campaign *c, const char *fmt, ...) MDL_PRINTF(2, 3);
static void note(const struct campaign *c, const char *fmt, ...)
{
	struct mdl_why line;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line.text, sizeof(line.text), fmt, ap);
	va_end(ap);
	if (c->hooks->on_note != NULL)
		c->hooks->on_note(c->hooks->ctx, line.text);
}

/* Cases a second, smoothed over a second or two. */
static void update_rate(struct campaign *c, uint64_t cases)
{
	mdl_time now = loop_clock();
	if (now - c->rate_since < MDL_SEC)
		return;
	double rate = (double)(cases - c->rate_cases) * 1e9 / (double)(now - c->rate_since);
	c->status->rate = c->status->rate == 0 ? rate : (c->status->rate + rate) / 2;
	c->rate_cases = cases;
	c->rate_since = now;
}

static void show_status(struct campaign *c, uint32_t running)
{
	struct campaign_status *s = c->status;
	struct book_numbers n = book_numbers(c->book);
	s->ran = ran(c);
	s->ran_before = c->before;
	s->cases = n.cases + running;
	s->corpus = book_entries(c->book);
	s->features = n.features;
	s->states = n.states;
	s->edges = n.edges;
	s->findings = n.findings;
	s->unconfirmed = n.unconfirmed;
	s->restarts = n.restarts;
	s->silent = n.silent;
	memcpy(s->depth, n.depth, sizeof(n.depth));
	s->last_new = c->last_new == MDL_NEVER ? MDL_NEVER : loop_clock() - c->last_new;
	s->last_finding = c->last_finding == MDL_NEVER ? MDL_NEVER : loop_clock() - c->last_finding;
	update_rate(c, s->cases);
	if (c->hooks->on_status != NULL)
		c->hooks->on_status(c->hooks->ctx, s);
}

static void tick(void *ctx, uint32_t done)
{
	show_status(ctx, done);
}

static bool stop_asked(void *ctx)
{
	struct campaign *c = ctx;
	return c->hooks->stop != NULL && c->hooks->stop(c->hooks->ctx);
}

static bool over(void *ctx)
{
	struct campaign *c = ctx;
	return c->enough || stop_asked(ctx) || (c->o->run_for > 0 && ran(c) >= c->o->run_for);
}

/* ---- the folder ---- */

static mdl_err name_folder(struct campaign *c)
{
	char stamp[64];
	time_t now = time(NULL);
	struct tm tm;
	if (c->o->out != NULL)
		snprintf(c->out, sizeof(c->out), "%s", c->o->out);
	else {
		localtime_r(&now, &tm);
		strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
		snprintf(c->out, sizeof(c->out), "meddle-out/%s", stamp);
	}
	if (!path_join(c->corpus, sizeof(c->corpus), c->out, "corpus") ||
	    !path_join(c->findings, sizeof(c->findings), c->out, "findings"))
		return mdl_fail(c->why, MDL_EINVAL, "%.80s...: the path is too long", c->out);
	return MDL_OK;
}

static mdl_err check_fresh(struct campaign *c)
{
	char db[PATH_SIZE];
	if (c->o->resume && c->o->out == NULL)
		return mdl_fail(c->why, MDL_EINVAL,
				"--resume: say with --out which campaign goes on");
	if (!path_join(db, sizeof(db), c->out, "meddle.db"))
		return mdl_fail(c->why, MDL_EINVAL, "%.80s...: the path is too long", c->out);
	bool there = access(db, F_OK) == 0;
	if (c->o->resume && !there)
		return mdl_fail(c->why, MDL_ENOTFOUND, "%s: no campaign to resume in this folder",
				c->out);
	if (!c->o->resume && there)
		return mdl_fail(c->why, MDL_EINVAL,
				"%s: holds a campaign already; --resume goes on with it, another "
				"--out begins a new one",
				c->out);
	return MDL_OK;
}

static mdl_err choose_folder(struct campaign *c)
{
	mdl_err err = name_folder(c);
	return err == MDL_OK ? check_fresh(c) : err;
}

static mdl_err open_folder(struct campaign *c)
{
	mdl_err err = folder_make(c->corpus, c->why);
	if (err == MDL_OK)
		err = folder_make(c->findings, c->why);
	if (err == MDL_OK)
		err = folder_hold(c->out, &c->hold, c->why);
	if (err == MDL_OK) /* nobody can have begun one from here on */
		err = check_fresh(c);
	c->fresh = err == MDL_OK && !c->o->resume;
	return err == MDL_OK ? book_open(c->out, true, &c->book, c->why) : err;
}

static void remove_from(const char *folder, const char *name)
{
	char path[PATH_SIZE];
	if (path_join(path, sizeof(path), folder, name))
		unlink(path);
}

/* A campaign that never began leaves nothing, so that the same command can be given again. */
static void close_folder(struct campaign *c, bool undo)
{
	static const char *const files[] = { "meddle.db", "meddle.db-wal", "meddle.db-shm",
					     ".lock" };
	for (size_t i = 0; undo && c->book != NULL && i < book_entries(c->book); i++)
		remove_from(c->corpus, book_entry_name(c->book, i));
	book_close(c->book);
	for (size_t i = 0; undo && i < MDL_COUNT(files); i++)
		remove_from(c->out, files[i]);
	if (undo) {
		rmdir(c->corpus); /* these do nothing to a folder that holds something */
		rmdir(c->findings);
		rmdir(c->out);
	}
	if (c->hold >= 0)
		close(c->hold);
}

/* ---- what does not change from run to run ---- */

static mdl_err same_as_before(struct campaign *c, const char *key, const char *value)
{
	char old[1024];
	struct store *s = book_store(c->book);
	if (!store_get(s, key, old, sizeof(old)))
		return store_set(s, key, value, c->why);
	if (strcmp(old, value) == 0)
		return MDL_OK;
	return mdl_fail(c->why, MDL_EINVAL, "%s: this campaign was begun with %s %s, not %s",
			c->out, key, old, value);
}

static mdl_err settle(struct campaign *c)
{
	char seed[32], epoch[32];
	snprintf(seed, sizeof(seed), "%" PRIu64, c->o->seed);
	snprintf(epoch, sizeof(epoch), "%" PRIu64, c->o->epoch);
	mdl_err err = same_as_before(c, "seed", seed);
	if (err == MDL_OK)
		err = same_as_before(c, "epoch", epoch);
	if (err == MDL_OK)
		err = same_as_before(c, "protocol", c->proto->name);
	if (err == MDL_OK)
		err = same_as_before(c, "strategies",
				     c->o->strategies == NULL ? "" : c->o->strategies);
	if (err == MDL_OK)
		err = same_as_before(c, "mutate", c->o->mutate ? "yes" : "no");
	return err;
}

/* ---- how it was begun, for reports ---- */

static mdl_err keep_words(struct campaign *c, const char *key, const char *first,
			  const char *const *words)
{
	struct mdl_buf text;
	mdl_buf_init(&text, RECIPE_MAX);
	mdl_err err = mdl_buf_printf(&text, "%s", first);
	if (err == MDL_OK)
		err = words_join(words, &text);
	err = err == MDL_OK ? store_set(book_store(c->book), key, mdl_buf_text(&text), c->why)
			    : mdl_fail(c->why, err, "out of memory");
	mdl_buf_fini(&text);
	return err;
}

static mdl_err keep_beginning(struct campaign *c)
{
	char cwd[PATH_SIZE];
	struct store *s = book_store(c->book);
	if (store_get_number(s, "started", 0) != 0)
		return MDL_OK;
	mdl_err err = store_set_number(s, "started", time(NULL), c->why);
	if (err == MDL_OK && getcwd(cwd, sizeof(cwd)) != NULL)
		err = store_set(s, "started_in", cwd, c->why);
	if (err == MDL_OK && c->o->words != NULL)
		err = keep_words(c, "command_line", "meddle ", c->o->words);
	return err;
}

static mdl_err describe(struct campaign *c)
{
	struct store *s = book_store(c->book);
	mdl_err err = keep_beginning(c);
	if (err == MDL_OK && c->o->version != NULL)
		err = store_set(s, "version", c->o->version, c->why);
	if (err == MDL_OK)
		err = store_set_number(s, "workers", c->status->workers, c->why);
	if (err == MDL_OK)
		err = c->argv == NULL ? store_set(s, "target", c->o->to_text, c->why)
				      : keep_words(c, "target", "", (const char *const *)c->argv);
	return err == MDL_OK ? store_set_number(s, "ended", 0, c->why) : err;
}

/* ---- the corpus ---- */

/* Makes the trace an entry: file, book, maker. Takes it in any case. */
static mdl_err add_entry(struct campaign *c, struct mdl_trace *t, struct book_entry *e)
{
	char name[CORPUS_NAME];
	bool added;
	corpus_name(t, name);
	e->name = name;
	e->proto = t->proto;
	e->source = t->source;
	e->msgs = (unsigned)t->n;
	e->bytes = (unsigned)mdl_trace_bytes(t);
	mdl_err err = corpus_add(c->corpus, t, &added, c->why);
	if (err == MDL_OK && book_add_entry(c->book, e) != MDL_OK)
		err = mdl_fail(c->why, MDL_ENOMEM, "out of memory");
	if (err == MDL_OK && maker_add(c->maker, t) != MDL_OK)
		err = mdl_fail(c->why, MDL_ENOMEM, "out of memory");
	if (err != MDL_OK)
		mdl_trace_free(t);
	return err;
}

static mdl_err import_seeds(struct campaign *c, struct seeds *seeds)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < seeds->n; i++) {
		struct book_entry e = { .recipe = "", .parent = -1, .found_case = -1 };
		err = add_entry(c, seeds->v[i], &e);
		seeds->v[i] = NULL;
	}
	if (err == MDL_OK)
		err = store_set_number(book_store(c->book), "seeds", (int64_t)seeds->n, c->why);
	return err == MDL_OK ? book_commit(c->book, c->proto, 0, 0, c->why) : err;
}

/* Entries of a campaign that goes on, in the order they were added. */
static mdl_err load_entries(struct campaign *c)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < book_entries(c->book); i++) {
		struct mdl_trace *t;
		err = corpus_load(c->corpus, book_entry_name(c->book, i), &t, c->why);
		if (err == MDL_OK && maker_add(c->maker, t) != MDL_OK) {
			mdl_trace_free(t);
			err = mdl_fail(c->why, MDL_ENOMEM, "out of memory");
		}
	}
	return err;
}

static mdl_err tell_entry(struct campaign *c, size_t i)
{
	char path[PATH_SIZE];
	if (!path_join(path, sizeof(path), c->corpus, book_entry_name(c->book, i)))
		return mdl_fail(c->why, MDL_EINVAL, "%.80s...: the path is too long", c->corpus);
	return crew_tell(c->crew, IPC_ADD, path, strlen(path), c->why);
}

/* The weights as they are now, for us and for all workers. */
static mdl_err tell_facts(struct campaign *c)
{
	size_t n = book_entries(c->book);
	struct schedule_facts *f = calloc(n + 1, sizeof(*f));
	if (f == NULL)
		return mdl_fail(c->why, MDL_ENOMEM, "out of memory");
	book_facts(c->book, f);
	for (size_t i = 0; i < n; i++)
		schedule_set(maker_schedule(c->maker), i, &f[i]);
	mdl_err err = crew_tell(c->crew, IPC_FACTS, f, n * sizeof(*f), c->why);
	free(f);
	return err;
}

/* ---- after an epoch ---- */

/* A case that showed something new: made again, and kept until all cases are merged. */
struct fresh {
	struct mdl_trace *trace;
	char *recipe;
	const struct case_result *result;
};

static mdl_err make_again(struct campaign *c, const struct case_result *r, struct fresh *out)
{
	struct made m;
	struct mdl_buf text;
	if (maker_make(c->maker, r->number, time(NULL), &m) != MDL_OK)
		return mdl_fail(c->why, MDL_ENOMEM, "out of memory");
	mdl_buf_init(&text, RECIPE_MAX);
	mdl_err err = mdl_recipe_write(m.recipe, NULL, &text);
	*out = (struct fresh){ m.trace, mdl_buf_steal(&text), r };
	snprintf(m.trace->source, sizeof(m.trace->source), "case %" PRIu64 " of seed %" PRIu64,
		 r->number, c->o->seed);
	return err == MDL_OK ? MDL_OK : mdl_fail(c->why, err, "out of memory");
}

static mdl_err keep_fresh(struct campaign *c, struct fresh *f)
{
	const struct case_result *r = f->result;
	struct book_entry e = {
		.recipe = f->recipe == NULL ? "" : f->recipe,
		.parent = r->entry,
		.found_case = (int64_t)r->number,
		.found_ms = (c->before + ran(c)) / MDL_MS,
		.depth = r->features.depth,
		.features = r->features.v,
		.n_features = r->features.n,
	};
	struct mdl_trace *t = f->trace;
	f->trace = NULL;
	mdl_err err = add_entry(c, t, &e);
	if (err == MDL_OK)
		err = tell_entry(c, book_entries(c->book) - 1);
	c->last_new = loop_clock();
	return err;
}

/* Cases in their order: what is new of each is judged by all that came before it. */
static mdl_err merge_cases(struct campaign *c, const struct crew_epoch *e, struct fresh *fresh,
			   size_t *n_fresh)
{
	mdl_err err = MDL_OK;
	for (uint32_t i = 0; err == MDL_OK && i < e->played; i++) {
		const struct case_result *r = &e->results[i];
		bool seed = r->number < c->n_seeds;
		if (!seed && c->o->mutate && book_is_news(c->book, r))
			err = make_again(c, r, &fresh[(*n_fresh)++]);
		if (err == MDL_OK && book_count(c->book, r) != MDL_OK)
			err = mdl_fail(c->why, MDL_ENOMEM, "out of memory");
		if (r->rss > 0) {
			c->status->target_mb = (double)r->rss / (1 << 20);
			c->status->target_fds = (unsigned)r->fds;
		}
	}
	return err;
}

static mdl_err enter_finding(struct campaign *c, const struct triaged *t)
{
	bool is_new;
	mdl_err err = book_put(c->book, t, (c->before + ran(c)) / MDL_MS, &is_new);
	if (err != MDL_OK)
		return mdl_fail(c->why, err, "out of memory");
	if (!is_new)
		return MDL_OK;
	c->last_finding = loop_clock();
	c->enough = c->enough || c->o->stop_at_finding;
	/* in the book before anybody is told */
	err = book_commit(c->book, c->proto, c->before + ran(c), c->status->target_mb, c->why);
	if (err == MDL_OK && c->hooks->on_finding != NULL)
		c->hooks->on_finding(c->hooks->ctx, t);
	return err;
}

static mdl_err look_into(struct campaign *c, const struct suspicion *s, uint64_t number,
			 unsigned by)
{
	struct ipc_triage ask = { .number = number, .suspicion = *s };
	struct triaged t;
	ask.n_known = (unsigned)book_signatures(c->book, ask.known, TRIAGE_KNOWN);
	c->status->phase = "looking into a suspicion";
	note(c, "case %" PRIu64 ": %s: %s", number, s->kind, s->title);
	mdl_err err = crew_triage(c->crew, by, &ask, &t, tick, c, c->why);
	c->status->phase = "fuzzing";
	return err == MDL_OK ? enter_finding(c, &t) : err;
}

static mdl_err merge_suspicions(struct campaign *c, const struct crew_epoch *e)
{
	unsigned looked = 0;
	mdl_err err = MDL_OK;
	for (uint32_t i = 0; err == MDL_OK && i < e->played; i++) {
		const struct case_result *r = &e->results[i];
		for (unsigned k = 0; err == MDL_OK && k < r->n_suspicions; k++) {
			int64_t known = book_finding_of(c->book, r->suspicions[k].raw);
			if (known >= 0)
				book_seen(c->book, known);
			else if (looked++ < TRIAGES_PER_EPOCH && !stop_asked(c))
				err = look_into(c, &r->suspicions[k], r->number, e->by[i]);
		}
	}
	return err;
}

static mdl_err merge(struct campaign *c, const struct crew_epoch *e)
{
	size_t n = 0;
	struct fresh *fresh = calloc(e->played + 1, sizeof(*fresh));
	if (fresh == NULL)
		return mdl_fail(c->why, MDL_ENOMEM, "out of memory");
	mdl_err err = merge_cases(c, e, fresh, &n);
	if (err == MDL_OK)
		err = merge_suspicions(c, e);
	for (size_t i = 0; err == MDL_OK && i < n; i++)
		err = keep_fresh(c, &fresh[i]);
	for (size_t i = 0; i < n; i++) {
		mdl_trace_free(fresh[i].trace);
		free(fresh[i].recipe);
	}
	free(fresh);
	if (err == MDL_OK)
		err = book_commit(c->book, c->proto, c->before + ran(c), c->status->target_mb,
				  c->why);
	return err == MDL_OK ? tell_facts(c) : err;
}

/* ---- epochs ---- */

/* Epochs begin at multiples of their size, whenever the campaign was stopped in between. */
static uint32_t epoch_size(const struct campaign *c, uint64_t from)
{
	uint64_t n = c->o->epoch - from % c->o->epoch;
	if (c->o->cases > 0 && from + n > c->o->cases)
		n = c->o->cases - from;
	return (uint32_t)n;
}

static bool cases_left(const struct campaign *c)
{
	return c->o->cases == 0 || book_numbers(c->book).cases < c->o->cases;
}

static mdl_err run_epochs(struct campaign *c)
{
	struct crew_epoch e = { .tick = tick, .stop = over, .ctx = c };
	e.results = calloc(c->o->epoch, sizeof(*e.results));
	e.by = calloc(c->o->epoch, sizeof(*e.by));
	mdl_err err = e.results == NULL || e.by == NULL
			      ? mdl_fail(c->why, MDL_ENOMEM, "out of memory")
			      : MDL_OK;
	while (err == MDL_OK && cases_left(c) && !over(c)) {
		e.from = book_numbers(c->book).cases;
		e.n = epoch_size(c, e.from);
		err = crew_run(c->crew, &e, c->why);
		if (err == MDL_OK)
			err = merge(c, &e);
	}
	free(e.results);
	free(e.by);
	return err;
}

/* ---- from beginning to end ---- */

static unsigned default_workers(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 2 ? (unsigned)n - 1 : 1;
}

static mdl_err choose_target(struct campaign *c)
{
	if (c->argv == NULL && c->o->to_text == NULL)
		return mdl_fail(
			c->why, MDL_EINVAL,
			"nothing to fuzz: give an address with --to, or a command behind --");
	if (c->o->to_text == NULL)
		return MDL_OK;
	mdl_err err = mdl_addr_parse(c->o->to_text, &c->to, c->why);
	if (err == MDL_OK)
		c->worker.to = &c->to;
	return err;
}

static bool has_port_mark(char *const *argv)
{
	for (; argv != NULL && *argv != NULL; argv++)
		if (strstr(*argv, "{port}") != NULL)
			return true;
	return false;
}

/* Targets of several workers would want the same port, if each had no network of its own. */
static mdl_err choose_sandbox(struct campaign *c, unsigned workers)
{
	bool local = c->argv != NULL;
	c->worker.sandbox = local && c->o->sandbox != SANDBOX_NO && ns_possible();
	if (c->o->sandbox == SANDBOX_YES && !c->worker.sandbox)
		return mdl_fail(
			c->why, MDL_EUNSUPPORTED,
			"--sandbox=yes: no network namespaces for us here (root, or unprivileged "
			"user namespaces, would allow them)%s",
			local ? "" : "; and they are for targets that meddle starts");
	if (local && !c->worker.sandbox && workers > 1 && !has_port_mark(c->argv))
		return mdl_fail(
			c->why, MDL_EINVAL,
			"%u workers without networks of their own need {port} in the target's "
			"command, which each replaces by a free one",
			workers);
	return MDL_OK;
}

static mdl_err make_crew(struct campaign *c)
{
	unsigned n = c->o->workers > 0 ? (unsigned)c->o->workers : default_workers();
	mdl_err err = choose_sandbox(c, n);
	c->worker.proto = c->proto;
	c->worker.settings = &c->o->settings;
	c->worker.strategies = c->o->strategies;
	c->worker.plain = !c->o->mutate;
	c->worker.seed = c->o->seed;
	c->worker.seeds = c->n_seeds;
	c->worker.argv = c->argv;
	c->worker.start_max = c->o->start_max;
	c->worker.hang_after = c->o->hang_after;
	c->worker.restart_every = (unsigned)c->o->restart_every;
	c->worker.confirm = (unsigned)c->o->confirm;
	c->worker.minimise = (unsigned)c->o->minimise;
	c->worker.folder = c->out;
	c->status->workers = n;
	c->status->sandbox = c->worker.sandbox;
	if (err == MDL_OK)
		err = crew_new(&c->worker, n, &c->crew, c->why);
	for (size_t i = 0; err == MDL_OK && i < book_entries(c->book); i++)
		err = tell_entry(c, i);
	return err == MDL_OK ? tell_facts(c) : err;
}

static mdl_err calibrate_crew(struct campaign *c)
{
	struct calibration *k = &c->status->calibration;
	c->status->phase = "calibrating";
	show_status(c, 0);
	mdl_err err = crew_calibrate(c->crew, k, stop_asked, c, c->why);
	if (err != MDL_OK)
		return err;
	note(c, "target answers %s; %s%s",
	     k->manner.fenced ? "datagrams in order, so nothing has to be waited for"
			      : "out of order or late, so silence has to be waited for",
	     k->manner.eager_end ? "streams even when half-closed" : "streams while they are open",
	     k->manner.fence_on ? "" : "; no datagram of the seeds makes a probe");
	if (k->left_out > 0)
		note(c, "%u conversations left out: the target does not listen for their carrier",
		     k->left_out);
	return MDL_OK;
}

static mdl_err make_maker(struct campaign *c)
{
	struct maker_conf mc = { .proto = c->proto,
				 .settings = &c->o->settings,
				 .strategies = c->o->strategies,
				 .plain = !c->o->mutate,
				 .seeds = c->n_seeds,
				 .seed = c->o->seed };
	return maker_new(&mc, &c->maker, c->why);
}

static mdl_err prepare(struct campaign *c, const struct mdl_strings *inputs)
{
	struct seeds seeds = { 0 };
	struct seeds_conf sc = { .paths = inputs,
				 .protocol = c->o->protocol,
				 .settings = &c->o->settings,
				 .on_note = c->hooks->on_note,
				 .ctx = c->hooks->ctx };
	char name[MDL_PROTO_NAME];
	mdl_err err = choose_target(c);
	if (err == MDL_OK)
		err = choose_folder(c);
	if (err == MDL_OK && !c->o->resume) {
		err = seeds_load(&sc, &seeds, c->why);
		c->proto = seeds.proto;
		c->n_seeds = seeds.n;
	}
	if (err == MDL_OK)
		err = open_folder(c);
	if (err == MDL_OK && c->o->resume) {
		if (store_get(book_store(c->book), "protocol", name, sizeof(name)))
			c->proto = mdl_protocol_find(name);
		if (c->proto == NULL)
			err = mdl_fail(c->why, MDL_EINVAL, "%s: the campaign has not begun",
				       c->out);
		c->n_seeds = (size_t)store_get_number(book_store(c->book), "seeds", 0);
	}
	if (err == MDL_OK)
		err = settle(c);
	if (err == MDL_OK)
		err = make_maker(c);
	if (err == MDL_OK)
		err = c->o->resume ? load_entries(c) : import_seeds(c, &seeds);
	if (err == MDL_OK && !c->o->resume)
		note(c,
		     "%zu seeds from %zu files: %zu conversations, %zu of them said before, %zu of "
		     "other protocols, %zu without a request",
		     seeds.n, seeds.files, seeds.conversations, seeds.repeated,
		     seeds.other_protocol, seeds.one_sided);
	seeds_free(&seeds);
	return err;
}

static void begin(struct campaign *c)
{
	c->before = book_numbers(c->book).ran;
	c->began = c->rate_since = loop_clock();
	c->rate_cases = book_numbers(c->book).cases;
	c->last_new = c->last_finding = MDL_NEVER;
	c->status->depth_names = mdl_depths(c->proto);
	c->status->seeds = c->n_seeds;
	c->status->out = c->out;
	c->status->seed = c->o->seed;
	c->status->phase = "starting";
}

static void finish(struct campaign *c, mdl_err err)
{
	bool failed = err != MDL_OK && err != MDL_EINTERRUPTED;
	if (c->book != NULL && c->proto != NULL) {
		c->status->phase = "ended";
		show_status(c, 0);
	}
	crew_free(c->crew);
	maker_free(c->maker);
	close_folder(c, c->fresh && failed && c->status->calibration.answered == 0);
}

mdl_err campaign_run(const struct campaign_options *options, const struct mdl_strings *inputs,
		     char *const *argv, const struct campaign_hooks *hooks,
		     struct campaign_status *out, struct mdl_why *why)
{
	struct campaign c = {
		.o = options, .hooks = hooks, .argv = argv, .status = out, .why = why, .hold = -1
	};
	memset(out, 0, sizeof(*out));
	mdl_err err = prepare(&c, inputs);
	if (err == MDL_OK) {
		begin(&c);
		err = make_crew(&c);
	}
	if (err == MDL_OK)
		err = describe(&c);
	if (err == MDL_OK)
		err = calibrate_crew(&c);
	if (err == MDL_OK) {
		c.began = c.rate_since = loop_clock();
		c.status->phase = "fuzzing";
		err = run_epochs(&c);
	}
	if (c.book != NULL && (err == MDL_OK || err == MDL_EINTERRUPTED))
		err = store_set_number(book_store(c.book), "ended", time(NULL), why);
	finish(&c, err);
	return err == MDL_EINTERRUPTED ? MDL_OK : err;
}
