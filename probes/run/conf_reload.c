#include "run/conf_reload.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Settings of sockets, threads and the store, which cannot change without a restart. */
static const struct fixed {
    const char *section, *key;
    size_t at;
    bool text; /* else uint32_t */
} fixed[] = {
    {"daemon", "socket", offsetof(struct conf, socket), true},
    {"daemon", "socket_mode", offsetof(struct conf, socket_mode), false},
    {"daemon", "socket_group", offsetof(struct conf, socket_group), true},
    {"daemon", "listen", offsetof(struct conf, listen), true},
    {"daemon", "database", offsetof(struct conf, database), true},
    {"daemon", "loops", offsetof(struct conf, loops), false},
    {"names", "public_suffix_list", offsetof(struct conf, suffix_file), true},
};

static bool keep_text(struct arena *a, const char **place, const char *old)
{
    bool equal = *place && old ? !strcmp(*place, old) : *place == old;
    *place = old ? arena_strdup(a, old) : NULL; /* a copy, since old is freed with its arena */
    return equal;
}

int conf_reload(struct arena *a, struct conf *c, const struct conf *old, const char **ret)
{
    const char *changed = "", *section = "";
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
        if (equal)
            continue;
        bool same = !strcmp(section, f->section);
        changed = arena_printf(a, "%s%s%s%s%s%s", changed ? changed : "", changed && *changed ? ", " : "",
                               same ? "" : "[", same ? "" : f->section, same ? "" : "] ", f->key);
        section = f->section;
    }
    if (arena_full(a))
        return -ENOMEM;
    *ret = changed;
    return 0;
}
