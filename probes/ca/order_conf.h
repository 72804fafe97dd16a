/* order_conf.h - the section [order] of a configuration: the lists of domains that an order is checked against.
 * Pure. */
#ifndef DCV_ORDER_CONF_H
#define DCV_ORDER_CONF_H

#include "ca/order.h"

/* Reads the lists from the text of an INI file (bytes as they came); other sections are ignored. 0,
 * -ENOMEM, or -EINVAL with *why: one line that names the line, the key and what was expected. */
int order_conf_read(struct arena *a, const char *text, size_t len, struct order *o, const char **why);

#endif
