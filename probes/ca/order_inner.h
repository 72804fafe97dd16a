/* order_inner.h - what the files of the order check share, internal to them: order.c (names, lists,
 * duplicates), order_fields.c (CSR, subject, email, note), order_conf.c. */
#ifndef DCV_ORDER_INNER_H
#define DCV_ORDER_INNER_H

#include "ca/order.h"

enum { ORDER_SHOWN = 300 }; /* the most bytes of a typed text that a report shows */

/* The state of one check of an order. It lives on the stack of order_check(). */
struct checking {
    struct arena *a;
    const struct order *o;
    struct order_report *r;
    const char *common_name; /* the common name, escaped; NULL without one */
};

/* Adds a problem to the report. value, what and fix are already escaped, and so is variable, which may be
 * NULL. */
void order_problem(struct checking *c, enum code code, const char *variable, const char *field,
                   const char *value, const char *what, const char *fix);
void order_note(struct checking *c, const char *text);
/* The text, escaped and shortened for a report; NULL for NULL. */
const char *order_shown(struct checking *c, const char *text);

void order_check_csr(struct checking *c); /* sets has_csr, csr and common_name */
void order_check_subject(struct checking *c);
void order_check_emails(struct checking *c);
void order_check_secrets(struct checking *c);

/* True where name (in A-labels) is on the list or below an entry; an address only where the address itself is
 * on it. */
bool order_listed(const struct texts *list, const char *name, bool is_ip);

#endif
