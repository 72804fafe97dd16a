/* request_inner.h - what request.c and request_finish.c share. */
#ifndef DCV_REQUEST_INNER_H
#define DCV_REQUEST_INNER_H

#include "format/request.h"

enum { REQUEST_VALUE_SHOWN = 48 }; /* bytes of a bad value in a message */

/* What the value of a field has to be, for a message. */
const char *request_expected(const char *field);

#endif
