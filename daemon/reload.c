#include "reload.h"

#include "base/log.h"
#include "base/systemd.h"
#include "run/conf_reload.h"

#include <errno.h>
#include <string.h>

int conf_source_read(const struct conf_source *source, struct arena *a, struct conf *ret, const char **why)
{
    int rc = conf_load(a, source->file, source->options, source->n, ret, why);
    return rc ? rc : conf_load_keys(a, ret, why);
}

/* The service manager has to be told that the reload is over, whether it succeeded or not. */
static void end(struct reload *r)
{
    r->busy = false;
    if (r->stopped)
        return;
    systemd_notify("READY=1");
    if (r->again) {
        r->again = false;
        reload_start(r);
    }
}

static void refuse(struct reload *r, const char *why)
{
    log_error("%s; the configuration stays as it was", why);
    arena_free(r->arena);
    end(r);
}

static void on_opened(void *user, int error, const char *why)
{
    struct reload *r = user;
    if (error) {
        log_error("the network side of the checks cannot be started: %s; the configuration stays as it was", why);
    } else {
        log_limit((enum log_level)generations_conf(r->generations)->log_level);
        log_access(generations_conf(r->generations)->access_log);
        scheduler_reload(r->scheduler);
        peers_reload(r->peers);
        log_notice("the configuration%s%s is in force as it is now", r->conf.file ? " of " : "",
                   r->conf.file ? r->conf.file : "");
    }
    end(r);
}

static void on_read(uv_work_t *work)
{
    struct reload *r = work->data;
    r->arena = arena_new(0);
    r->why = OUT_OF_MEMORY;
    r->status = r->arena ? conf_source_read(&r->source, r->arena, &r->conf, &r->why) : -ENOMEM;
}

static void on_read_done(uv_work_t *work, int status)
{
    struct reload *r = work->data;
    const char *kept = "";
    if (!status)
        status = r->status;
    if (r->stopped) {
        arena_free(r->arena);
        return;
    }
    if (!status && conf_reload(r->arena, &r->conf, generations_conf(r->generations), &kept)) {
        status = -ENOMEM;
        r->why = OUT_OF_MEMORY;
    }
    if (!status && *kept)
        log_warning("%s: changed in the file; the old value holds until dcvd is started again", kept);
    if (!status && (status = generations_open(r->generations, r->arena, &r->conf, on_opened, r)))
        r->why = strerror(-status);
    if (status)
        refuse(r, r->why);
}

void reload_start(struct reload *r)
{
    if (r->stopped)
        return;
    if (r->busy) {
        r->again = true;
        return;
    }
    r->busy = true;
    systemd_notify_reloading();
    r->arena = NULL;
    r->work.data = r;
    r->why = OUT_OF_MEMORY;
    int rc = uv_queue_work(r->uv, &r->work, on_read, on_read_done);
    if (rc)
        refuse(r, strerror(-rc));
}

void reload_stop(struct reload *r)
{
    r->stopped = true;
}
