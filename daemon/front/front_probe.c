/* front_probe.c - GET /v1/probe: a check that is run at once, and answered as metrics. */
#include "front/front_inner.h"

#include "base/log.h"
#include "front/metrics.h"
#include "front/probe_metrics.h"

#include <errno.h>
#include <stdlib.h>

static void log_probe(const struct call *c, const struct probe_result *is)
{
    char domain[300];
    if (log_access_wanted())
        log_info("probe: domain=%s verdict=%s code=%s ms=%.1f", log_word(domain, sizeof domain, c->api.domain),
                 verdict_name(is->verdict), is->code ? is->code : "-", is->seconds * 1000);
}

static void on_probed(void *user, struct report *const *reports, size_t n)
{
    struct call *c = user;
    struct api_answer ans = {.status = 200, .type = METRICS_TYPE};
    struct probe_result is;
    c->probing = false;
    if (!n || !probe_result_of(c->arena, (const struct report *const *)reports, n, &is)) {
        call_answer_no_memory(c);
        return;
    }
    is.seconds = (double)(uv_hrtime() - c->began) / 1e9;
    log_probe(c, &is);
    probe_metrics_write(&ans.body, &is);
    call_answer(c, &ans);
}

void front_probe(struct call *c)
{
    struct front *f = c->front;
    c->began = uv_hrtime();
    c->probing = true;
    int rc = f->stopping
                 ? -ESHUTDOWN
                 : scheduler_probe(f->scheduler, c->api.domain, c->api.text, c->api.text_len, on_probed, c);
    if (!rc)
        return;
    c->probing = false;
    if (rc == -ESHUTDOWN)
        call_answer_ending(c);
    else if (rc == -EAGAIN)
        call_answer_error(c, 429, CODE_request_limit_exceeded, "the queue of checks is full; try again later");
    else
        call_answer_no_memory(c);
}
