/* render_domain.h - one domain for people: its verdict, control and CAA apart, then the reports that it rests on. Pure;
 * as render.h.
 *
 * Only one method's cure is shown, that of the method that decides (judge/domain.h): the cures of two methods can
 * contradict each other, as a TXT record and a CNAME at one name do. The other methods are named. */
#ifndef DCV_RENDER_DOMAIN_H
#define DCV_RENDER_DOMAIN_H

#include "judge/domain.h"
#include "show/render.h"

/* A domain with one report, by a method that was asked for or the only one possible, is that report. The last line says
 * when and by what it was checked. With how->lines as much is left out as makes it fit. */
void render_domain(struct buf *b, struct arena *a, const struct domain *d, const struct render *how);

/* "Checked 2026-11-22 12:00:00 UTC through 192.0.2.53:53, by dcvprobe 0.1.0." */
const char *render_made(struct arena *a, const struct report *r, const struct render *how);
/* The resolver that a report rests on; NULL: none was asked. */
const char *render_resolver(struct arena *a, const struct report *r);

/* Why a part of control is left aside, as a sentence: "Or by http-token, which is not in use: …", with what the first
 * finding says where the method fails. NULL for parts whose cure is the domain's, and where control does not fail. In
 * the arena. */
const char *render_aside(struct arena *a, const struct domain *d, size_t i);

#endif
