/* request_files.h - what a request holds of files, the AuthKey and the CSR, looked at before it is carried out. Pure.
 *
 * request_set() takes any bytes, since a case file must stay readable; whoever takes a new request calls this. */
#ifndef DCV_REQUEST_FILES_H
#define DCV_REQUEST_FILES_H

#include "ca/token_files.h"
#include "format/request.h"

/* Which of the two files a field of a request holds. False: neither. */
bool request_file_kind(const struct request_field *f, enum token_file *ret);
/* 0, or -EINVAL with *err: the first of the two that cannot be what it is given as. */
int request_files_check(struct arena *a, const struct request *r, struct input_error *err);

#endif
