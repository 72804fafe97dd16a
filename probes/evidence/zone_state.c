#include "evidence/zone.h"

#include "wire/name.h"
#include "wire/wire.h"

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

bool server_soa_names(struct arena *a, const struct name_server *s, char **primary, char **mailbox)
{
    for (size_t i = 0; s->soa && i < s->soa->dns.answer.n; i++) {
        const struct rr *rr = &s->soa->dns.answer.v[i];
        size_t used = 0;
        if (rr->type != RR_SOA || rr->defect)
            continue;
        *primary = wire_name_to_text(a, rr->rdata, rr->rdlen, &used);
        *mailbox = *primary ? wire_name_to_text(a, rr->rdata + used, rr->rdlen - used, &used) : NULL;
        return *mailbox;
    }
    return false;
}
