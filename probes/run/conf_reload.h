/* conf_reload.h - prepares a configuration to replace another one while the daemon runs. Pure; any thread. */
#ifndef DCV_CONF_RELOAD_H
#define DCV_CONF_RELOAD_H

#include "run/conf.h"

/* Prepares c to replace old while the daemon runs: settings that need a restart get their values from old. *ret: the
 * sections and names of those keys that differ, "" for none. 0 or -ENOMEM. */
int conf_reload(struct arena *a, struct conf *c, const struct conf *old, const char **ret);

#endif
