/* render_nagios.h - the state of checks for a monitoring system: one line, as plugins of Nagios and Icinga print it
 * (Monitoring Plugins Development Guidelines), and for several domains one more for each. Pure. */
#ifndef DCV_RENDER_NAGIOS_H
#define DCV_RENDER_NAGIOS_H

#include "base/buf.h"
#include "model/dcv.h"

/* "DCV CRITICAL - …|time=0.042s;;;0;30.000 blocking=1;;0;0 risk=0;0;;0 note=0;;;0 questions=9;;;0" for the worst of
 * the domains that n reports are about (judge/domain.h), in one line. Where there are several, the long output
 * follows: a line for each, the worst first, as "CRITICAL shop.example.com …", a hundred at most, then how many more.
 * No line holds a random value. A domain whose control was not checked is UNKNOWN. The numbers are those of the
 * reports that the verdicts rest on: time is that of the slowest; token_days and signature_days, where known, say how
 * many days the accepted value and the domain's signatures remain valid, the fewest of all. Returns the plugin's exit
 * status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. */
int render_nagios(struct buf *b, struct arena *a, const struct report *const *r, size_t n);

#endif
