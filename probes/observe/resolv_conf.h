/* resolv_conf.h - the resolvers that a resolv.conf(5) names. One function without state, for any thread; the caller
 * reads the file. */
#ifndef DCV_RESOLV_CONF_H
#define DCV_RESOLV_CONF_H

#include "model/dcv.h"

/* Reads the resolvers of a resolv.conf text, "ADDR:53" each, into the arena. 0 or -ENOMEM. */
int resolv_conf_read(struct arena *a, const char *text, size_t len, struct texts *ret);

#endif
