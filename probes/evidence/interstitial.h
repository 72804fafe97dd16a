/* interstitial.h - tells the answer of a bot filter, firewall or CDN before a web site from the site's own. Pure. */
#ifndef DCV_INTERSTITIAL_H
#define DCV_INTERSTITIAL_H

#include "model/dcv.h"

struct interstitial {
    const char *whose; /* "Cloudflare" */
    const char *sign;  /* by what it was recognised: a header with its value, or a part of the page; escaped */
};

/* False where the response is not known to be a challenge or refusal of a filter (interstitials.def). */
bool interstitial_find(struct arena *a, const struct http_fact *f, struct interstitial *ret);
/* The CDN whose edge this response came through; NULL: no known edge. */
const char *edge_of(const struct http_fact *f);
/* The CDN whose edge made this response, where its status is one of 520 to 530, by which edges say that they cannot
 * reach the site's own server; NULL: another status, or no known edge. */
const char *edge_error(const struct http_fact *f);

#endif
