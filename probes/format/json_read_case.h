/* json_read_case.h - reads a request and a case file. Pure; any thread. What is read is in the arena given and belongs
 * to the caller. */
#ifndef DCV_JSON_READ_CASE_H
#define DCV_JSON_READ_CASE_H

#include "format/json_problem.h"

/* Reads a request object and calls request_finish(). Unknown members are refused (invalid_value:NAME), so that a
 * misspelt option is never ignored; "auth_key" is always refused. now: request.now where the object has none. 0,
 * -EINVAL with *problem, or -ENOMEM. */
int json_read_request(struct arena *a, const char *text, size_t len, const struct profile *profile, dcv_time now,
                      struct request *ret, struct json_problem *problem);

/* The same with defaults: they set those of their fields that the object does not name. */
int json_read_request_over(struct arena *a, const char *text, size_t len, const struct profile *profile, dcv_time now,
                           const struct given_list *defaults, struct request *ret, struct json_problem *problem);

/* The report that a case file expects; parts that it does not name are unset. */
struct expected {
    bool has_verdict, has_errors, has_detail, has_findings, has_reason, has_remark, has_trace;
    enum verdict verdict;
    enum trace trace;
    const char *remark; /* NULL: none, or any */
    const char *error;  /* "dns_mismatch|shop.example.com"; "": no error */
    const char *detail; /* "": null */
    struct { const char *cause, *weight, *summary, *who_acts; } *findings; /* all but cause may be NULL */
    size_t n_findings;
    struct texts not_findings; /* causes that must not appear */
    int br_may_permit;  /* -2: not given */
    bool has_answer; /* of .call and .order_status, from "answer_of" */
    const char *call; /* NULL: null */
    int order_status; /* http_status of "order_check"; 0: null */
};
struct dcv_case {
    const char *name, *why; /* texts of hand-written cases, may be NULL */
    bool others_absent; /* "others": "absent": questions that the case does not list get NXDOMAIN or 404, and
                         * those with another of the CA's user agents what the first one gets */
    struct request request;
    struct evidence evidence;
    struct expected expected;
};
/* Reads a case file. 0, -EINVAL with *problem, or -ENOMEM. */
int json_read_case(struct arena *a, const char *text, size_t len, const struct profile *profile, struct dcv_case *ret,
                   struct json_problem *problem);

#endif
