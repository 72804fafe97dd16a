/* render_as.h - reports in each form for people, by its name: the command and the API show the same. Pure.
 *
 * Header of render_as.c and render_as_*.c. Texts of any origin are made harmless in each form: controls and
 * bidirectional controls are visible, and what has a meaning in HTML or Markdown is text there. */
#ifndef DCV_RENDER_AS_H
#define DCV_RENDER_AS_H

#include "judge/domain.h"
#include "show/render.h"

#define DCV_RENDER_FORMS(X)                                                                                  \
    X(RENDER_TEXT, "text")                                                                                   \
    X(RENDER_BRIEF, "brief")                                                                                 \
    X(RENDER_CSV, "csv")                                                                                     \
    X(RENDER_NAGIOS, "nagios")                                                                               \
    X(RENDER_HTML, "html")                                                                                   \
    X(RENDER_MAIL, "mail")                                                                                   \
    X(RENDER_TICKET, "ticket")                                                                               \
    X(RENDER_FIX, "fix")                                                                                     \
    X(RENDER_NSUPDATE, "nsupdate")
enum render_form { DCV_RENDER_FORMS(DCV_MEMBER) };
bool render_form_parse(const char *name, enum render_form *ret);

/* Appends n reports in that form, with random values left out where how->redact says so. Returns the exit
 * status of a plugin for RENDER_NAGIOS, else 0. */
int render_as(struct buf *b, struct arena *a, enum render_form form, const struct report *const *r, size_t n,
              const struct render *how);

/* The forms of n domains, without redaction. */
/* One line a domain: verdict, domain, code, cause, and why; cut to how->width where that is not 0. */
void render_as_brief(struct buf *b, struct arena *a, const struct domain *d, size_t n,
                     const struct render *how);
/* RFC 4180, a row a domain: domain, method, verdict, code, detail_code, cause, who_acts, summary, cure,
 * checked_at. */
void render_as_csv(struct buf *b, struct arena *a, const struct domain *d, size_t n);
/* One self-contained file, to be sent or printed: it names nothing that a browser would fetch. */
void render_as_html(struct buf *b, struct arena *a, const struct domain *d, size_t n,
                    const struct render *how);
/* For the customer, in plain words: what was found, what to do, what happens then. */
void render_as_mail(struct buf *b, struct arena *a, const struct domain *d, size_t n,
                    const struct render *how);
/* Markdown for a colleague: with the codes, the proof and the commands. */
void render_as_ticket(struct buf *b, struct arena *a, const struct domain *d, size_t n,
                      const struct render *how);

/* A field of CSV, in quotes where it needs them. The text is not escaped otherwise: it may be the user's own. */
void render_csv_field(struct buf *b, const char *text);

#endif
