/* json_inner.h - what the JSON files share. Functions only: results are in the arena given. Any thread. Pure. */
#ifndef DCV_JSON_INNER_H
#define DCV_JSON_INNER_H

#include "format/json_reader.h"
#include "format/json_write.h"

/* The bits of dns_fact.flags and their names. */
struct flag_name {
    uint16_t bit;
    char name[4];
};
extern const struct flag_name dns_flag_names[7];

/* What a fact in a case file has where it does not say otherwise. */
enum { DNS_TTL_USUAL = 300 };
uint16_t dns_rcode_usual(enum dns_outcome outcome);
uint16_t dns_flags_usual(const struct ask *ask, bool silent);
enum via via_usual(enum ask_kind kind);

/* Reads a request object and calls request_finish(); in json_read_case.c. is_case: members that only case files have
 * are allowed. defaults: for fields that the object does not name, or NULL. */
void reader_request(struct json_reader *rd, struct request *r, json_t *object, bool is_case,
                    const struct given_list *defaults);
/* Reads the facts of a case file; in json_read_evidence.c. */
void reader_evidence(struct json_reader *rd, json_t *list, struct evidence *ev);

/* What json_write_shown() writes beside the members of a report and its request: the derivation, the path and the
 * evidence. flags: 0 or JSON_NO_PATH. */
void json_write_shown_more(struct json_out *j, struct arena *a, const struct report *r, unsigned flags);

/* Writes a text in which the random value token is replaced; token NULL: as it is. In json_write_finding.c. */
void json_shown(struct json_out *j, const char *key, struct arena *a, const char *token, const char *text);
/* Writes a finding, as a member of a list; token as for json_shown(). */
void json_write_finding(struct json_out *j, struct arena *a, const struct finding *f, const char *token);

#endif
