/* conf_reload.c - prepares a configuration to replace another one while the daemon runs. */
#include "run/conf.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Settings of sockets, threads and the store, which cannot change without a restart. */
static const struct fixed {
    const char *key; /* of [daemon] */
    size_t at;
    bool text; /* else uint32_t */
} fixed[] = {
#define TEXT(member)                                                                                         \
    {                                                                                                        \
#member, offsetof(struct conf, member), true                                                         \
    }
#define NUMBER(member)                                                                                       \
    {                                                                                                        \
#member, offsetof(struct conf, member), false                                                        \
    }
    TEXT(socket), NUMBER(socket_mode), TEXT(socket_group), TEXT(listen), TEXT(database), NUMBER(loops),
#undef TEXT
#undef NUMBER
};

static bool keep_text(struct arena *a, const char **place, const char *old)
{
    bool equal = *place && old ? !strcmp(*place, old) : *place == old;
    *place = old ? arena_strdup(a, old) : NULL; /* a copy, since old is freed with its arena */
    return equal;
}

int conf_reload(struct arena *a, struct conf *c, const struct conf *old, const char **ret)
{
    const char *changed = "";
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        const struct fixed *f = &fixed[i];
        void *place = (char *)c + f->at;
        const void *was = (const char *)old + f->at;
        bool equal;
        if (f->text) {
            equal = keep_text(a, place, *(const char *const *)was);
        } else {
            equal = *(uint32_t *)place == *(const uint32_t *)was;
            *(uint32_t *)place = *(const uint32_t *)was;
        }
        if (!equal)
            changed =
                arena_printf(a, "%s%s%s", changed ? changed : "", changed && *changed ? ", " : "", f->key);
    }
    if (arena_full(a))
        return -ENOMEM;
    *ret = changed;
    return 0;
}
