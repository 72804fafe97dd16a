/* fix.h - from a finding to operations that a machine can apply. Pure.
 *
 * Where records or files can cure a finding, the check passes once all operations of that finding are applied
 * unchanged. */
#ifndef DCV_FIX_H
#define DCV_FIX_H

#include "causes/finding.h"

enum { FIX_TTL = 300 }; /* seconds; short, so that caches soon drop a mistake */

/* The value that would pass now: the random value, or a request token computed for request.now (kept in report.tokens,
 * so that a replay without the key gives the same). NULL where the AuthKey is needed and missing, or the random value
 * has expired. */
const char *fix_value(struct judgement *j);

/* add: one TXT record with the value at _dnsauth.D. Where the value is not known: input, with what to do. */
void fix_publish_txt(struct judgement *j, struct finding *f);
/* The same with a given value that is known to be right. Where _dnsauth.D is an alias no record may stand beside it
 * (RFC 1034 3.6.2): the record goes to D itself, where the CA looks as well, else to the end of the alias within the
 * customer's domain, else the alias goes first. */
void fix_add_txt(struct judgement *j, struct finding *f, const char *value);
/* The same at a given owner. */
void fix_add_txt_at(struct judgement *j, struct finding *f, const char *owner, const char *value);
/* input: another method; text says why. */
void fix_other_method(struct judgement *j, struct finding *f, enum method m, const char *text);
/* add: a right record of dns-persist, as persist_value() writes it. False where the request does not tell the account
 * as the CA takes it, the name would be too long, or the arena is full. */
bool fix_persist_record(struct arena *a, const struct request *r, const struct persist_record *keep, dcv_time until,
                        struct fix *ret);
/* replace of old, or add where it is NULL: a right record of dns-persist. Where an alias stands it is added at its end,
 * or the alias goes first. keep (may be NULL): the record whose other parameters it takes over. Where the account is
 * not known as the CA takes it: nothing. */
void fix_publish_persist(struct judgement *j, struct finding *f, const struct rr *old,
                         const struct persist_record *keep);
/* The same for any method: a TXT or CNAME record, or a file. */
void fix_publish(struct judgement *j, struct finding *f);
/* Corrects what was found at j->candidate: replaces the record, or writes the file again. */
void fix_correct(struct judgement *j, struct finding *f);
/* put-file: the value at the URL that a fetch asked for, or at the one that its redirects end at. fetch NULL, or
 * nothing was fetched: over http. False, and nothing is added: the redirects end at a page of their own. */
bool fix_file_at(struct judgement *j, struct finding *f, const struct fetch *fetch, const char *value);
/* put-file: the value at the URL that the CA fetches, or at the one that its redirects end at, if that is a place for
 * the file; behind a redirect, also or only that the path be exempt from it. */
void fix_publish_file(struct judgement *j, struct finding *f);
/* add, or replace of old (may be NULL): the CNAME with the value in the current form, whatever stands beside it. */
void fix_publish_cname(struct judgement *j, struct finding *f, const struct rr *old);
/* replace: old (a CNAME) by one to a listed target; target NULL: the first listed one, or advice where none
 * is listed. */
void fix_target(struct judgement *j, struct finding *f, const struct rr *old, const char *target);
/* add: a CNAME at owner to the first listed target, or advice where none is listed. */
void fix_target_at(struct judgement *j, struct finding *f, const char *owner);
/* A remark for a sentence about the domain itself: that the name with the label in front cannot exist. */
const char *fix_too_long(struct judgement *j, const char *label);
/* The value as a sentence names it: the random value, or "of a request token". */
const char *fix_shown_value(const struct judgement *j);
/* replace: rr by a TXT record with the value, at the same owner. */
void fix_replace_txt(struct judgement *j, struct finding *f, const struct rr *rr);
/* remove: rr as it stands. */
void fix_remove(struct judgement *j, struct finding *f, const struct rr *rr);
/* input: a new value has to be obtained from the CA. */
void fix_new_value(struct judgement *j, struct finding *f);
void fix_advice(struct judgement *j, struct finding *f, const char *text);

/* A text as one TXT rdata in zone-file form, cut into strings of 255 bytes where it must be. */
const char *fix_txt_rdata(struct judgement *j, const char *text);

#endif
