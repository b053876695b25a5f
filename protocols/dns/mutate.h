/**
 * Strategies for DNS: names, records, EDNS and header in the ways that servers have been wrong about.
 * Each is a pair of functions as protocols/mutate.h asks for; the table is in mutate.c.
 */
#pragma once

#include "protocols/mutate.h"
#include "protocols/name.h"

enum { DNS_STRATEGIES = 42 };
extern const struct mdl_strategy mdl_dns_strategies[DNS_STRATEGIES];

/* clang-format off */
/** A slice in a table. */
#define DNS_BYTES(s) { (const uint8_t *)(s), sizeof(s) - 1 }

/* ---- for all of them (mutate.c, mutate_label.c) ---- */

/** True if field `i` is of that row of DNS. */
bool    mdl_dns_is(const struct mdl_fields *f, uint32_t i, uint16_t row);
/** Draws a field that fits into `op`; false if there is none. */
bool    mdl_dns_draw(struct mdl_bench *b, struct mdl_op *op, bool (*fits)(const struct mdl_fields *f, uint32_t i));
/** The message of `op` if its field is there and a name; NULL. */
struct mdl_case_msg *mdl_dns_op_name(const struct mdl_bench *b, const struct mdl_op *op);
/** Reads the name in field `i`, also through pointers. */
bool    mdl_dns_read_op_name(const struct mdl_case_msg *m, uint32_t i, struct mdl_name *out);
/** Writes op->v into the field, for good. */
mdl_err mdl_dns_apply_set(struct mdl_bench *b, const struct mdl_op *op);
/** Puts the bytes kept with `op` in the field's place, for good. */
mdl_err mdl_dns_apply_splice(struct mdl_bench *b, const struct mdl_op *op);
/** Takes the field out. */
mdl_err mdl_dns_apply_remove(struct mdl_bench *b, const struct mdl_op *op);

/* ---- values of header, questions and records (mutate_value.c) ---- */

bool    mdl_dns_choose_ttl(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_type(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_address(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_address6(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_data(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_priority(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_no_priority(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_more_priority(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_more_priority(struct mdl_bench *b, const struct mdl_op *op);
bool    mdl_dns_choose_timers(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_timers(struct mdl_bench *b, const struct mdl_op *op);
bool    mdl_dns_choose_opcode(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_rcode(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_qtype(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_class(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_qr(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_tc(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_flags(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_flags(struct mdl_bench *b, const struct mdl_op *op);
bool    mdl_dns_choose_counts(struct mdl_bench *b, struct mdl_op *op);

/* ---- what names hold (mutate_name.c) ---- */

bool    mdl_dns_choose_owner(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_zone(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_server(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_no_server(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_mailbox(struct mdl_bench *b, struct mdl_op *op);
/* ---- how names are written (mutate_label.c) ---- */

bool    mdl_dns_choose_pointer_self(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_pointer_forward(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_pointer_header(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_pointer_past(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_pointer(struct mdl_bench *b, const struct mdl_op *op);
bool    mdl_dns_choose_pointer_loop(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_pointer_loop(struct mdl_bench *b, const struct mdl_op *op);
bool    mdl_dns_choose_label_type(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_label_length(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_label(struct mdl_bench *b, const struct mdl_op *op);
bool    mdl_dns_choose_endless(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_endless(struct mdl_bench *b, const struct mdl_op *op);
bool    mdl_dns_choose_decompress(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_decompress(struct mdl_bench *b, const struct mdl_op *op);
bool    mdl_dns_choose_compress(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_compress(struct mdl_bench *b, const struct mdl_op *op);
bool    mdl_dns_choose_case(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_case(struct mdl_bench *b, const struct mdl_op *op);

/* ---- questions, EDNS and TSIG (mutate_record.c) ---- */

bool    mdl_dns_choose_questions(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_questions(struct mdl_bench *b, const struct mdl_op *op);
bool    mdl_dns_choose_opt(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_opt_misplaced(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_opt_lies(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_opt_many(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_opt(struct mdl_bench *b, const struct mdl_op *op);
bool    mdl_dns_choose_version(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_option(struct mdl_bench *b, struct mdl_op *op);
bool    mdl_dns_choose_padding(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_padding(struct mdl_bench *b, const struct mdl_op *op);
bool    mdl_dns_choose_tsig(struct mdl_bench *b, struct mdl_op *op);
mdl_err mdl_dns_apply_tsig(struct mdl_bench *b, const struct mdl_op *op);
/* clang-format on */
