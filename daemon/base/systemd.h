/* systemd.h - the service manager that started us, if one did: a word on how we are, and a sign of life.
 *
 * What sd_notify(3) and sd_watchdog_enabled(3) do, by their protocol alone: a service manager is never
 * needed, and neither is its library. Without one nothing happens. */
#ifndef DCVD_SYSTEMD_H
#define DCVD_SYSTEMD_H

#include <uv.h>

/* "READY=1", … One datagram; a manager that cannot be told is a line in the log. */
void systemd_notify(const char *state);

/* "RELOADING=1" with the time that a Type=notify-reload service has to say (sd_notify(3)); READY=1 ends it. */
void systemd_notify_reloading(void);

/* Where the manager watches over us it hears from every turn of the loop that is half its patience after the
 * last: a loop that hangs falls silent, and is killed and started again. No check is lost by that. */
struct systemd_watchdog {
    uv_timer_t timer;
};
void systemd_watchdog_start(struct systemd_watchdog *w, uv_loop_t *uv);
void systemd_watchdog_close(struct systemd_watchdog *w);

#endif
