#include "work/check_log.h"

#include "base/log.h"
#include "work/results.h"

void check_log(const struct scheduler_news *news)
{
    char id[17], domain[300];
    const struct db_result *by = NULL;
    const char *verdict = db_state_name(news->state), *code = "-";
    uint32_t us = 0;
    if (!log_access_wanted() || (news->state != STATE_DONE && news->state != STATE_CANCELLED))
        return;
    if (news->state == STATE_DONE)
        verdict = verdict_name(results_verdict(news->results, news->n_results, &by));
    if (by && by->code != CODE_NONE)
        code = code_info(by->code)->code;
    for (size_t i = 0; i < news->n_results; i++)
        us = news->results[i].duration_us > us ? news->results[i].duration_us : us;
    db_id_text(news->id, id);
    log_info("check: id=%s domain=%s verdict=%s code=%s ms=%.1f", id, log_word(domain, sizeof domain, news->domain),
             verdict, code, us / 1000.0);
}
