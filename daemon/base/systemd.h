/* systemd.h - tells the service manager that started the daemon, if one did, about its state, and feeds the watchdog.
 *
 * Does what sd_notify(3) and sd_watchdog_enabled(3) do, by their protocol: neither a service manager nor its library is
 * needed, and without one nothing happens. Thread: the main loop's. */
#ifndef DCVD_SYSTEMD_H
#define DCVD_SYSTEMD_H

#include <uv.h>

/* Sends a state ("READY=1", …) as one datagram. Where that fails a line in the log says so. */
void systemd_notify(const char *state);

/* "RELOADING=1" with the time that sd_notify(3) asks for; READY=1 ends the reload. */
void systemd_notify_reloading(void);

/* Where the manager asks for it (WATCHDOG_USEC), "WATCHDOG=1" goes out twice in that time. A loop that hangs sends
 * nothing, and the manager kills the daemon and starts it again. No check is lost by that. */
struct systemd_watchdog {
    uv_timer_t timer;
};
void systemd_watchdog_start(struct systemd_watchdog *w, uv_loop_t *uv);
void systemd_watchdog_close(struct systemd_watchdog *w);

#endif
