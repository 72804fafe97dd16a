#include "evidence/zone.h"

#include <string.h>

int zone_answers(const struct zone *z)
{
    size_t silent = 0;
    for (size_t i = 0; i < z->n; i++) {
        if (z->v[i].state == SERVER_GOOD || z->v[i].state == SERVER_LAME)
            return 1;
        if (z->v[i].state == SERVER_PENDING)
            return -1;
        silent += z->v[i].state == SERVER_SILENT;
    }
    return silent && !z->blocked ? 0 : -1;
}

bool zone_can_be_asked(const struct zone *z)
{
    for (size_t i = 0; i < z->n && !z->blocked; i++)
        if (z->v[i].state != SERVER_HERE && !z->v[i].barred)
            return true;
    return false;
}

const char *server_shown(struct arena *a, const struct name_server *s)
{
    size_t host = strlen(s->host), address = strlen(s->server);
    return arena_printf(a, "%.*s (%.*s)", (int)(host > 1 ? host - 1 : host), s->host,
                        (int)(address > 3 ? address - 3 : address), s->server);
}
