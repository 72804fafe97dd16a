/* render_domain.h - one domain for people: its verdict, control and CAA apart, then the reports that it rests on. Pure;
 * as render.h.
 *
 * Only one method's cure is shown, that of the method that decides (judge/domain.h): the cures of two methods can
 * contradict each other, as a TXT record and a CNAME at one name do. The other methods are named. */
#ifndef DCV_RENDER_DOMAIN_H
#define DCV_RENDER_DOMAIN_H

#include "judge/domain.h"
#include "show/render.h"

/* A domain with one report, by a method that was asked for or the only one possible, is that report. */
void render_domain(struct buf *b, struct arena *a, const struct domain *d, const struct render *how);

/* Why a part of control is left aside, as a sentence: "Or by http-token, which is not in use: …", with what the first
 * finding says where the method fails. NULL for parts whose cure is the domain's, and where control does not fail. In
 * the arena. */
const char *render_aside(struct arena *a, const struct domain *d, size_t i);

#endif
