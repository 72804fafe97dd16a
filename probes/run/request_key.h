/* request_key.h - gives a request the AuthKey that it refers to by a name of [auth_keys]. Reads files. */
#ifndef DCV_REQUEST_KEY_H
#define DCV_REQUEST_KEY_H

#include "run/conf.h"

/* Sets r->auth_key where r has auth_key_name and no key yet; the name must be known in any case, and its file one
 * with a key. a: the arena of c, in which the key is kept, so that each file is read once. 0, -EINVAL with *err, or
 * -ENOMEM. */
int request_key(struct arena *a, const struct conf *c, struct request *r, struct input_error *err);

#endif
