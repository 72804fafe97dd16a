/* trace.h - how much of a method is to be seen at a domain where the method does not pass. Pure.
 *
 * An order has one method, and a check of several has to find out which one it is: the one that somebody has begun to
 * use. Header of trace.c; judge() calls it when all causes are found, and those that follow from others are left out.
 */
#ifndef DCV_TRACE_H
#define DCV_TRACE_H

#include "methods/verdict.h"

/* TRACE_NONE unless the report fails. Never for caa, by which nobody proves control. */
enum trace trace_find(const struct judgement *j);

#endif
