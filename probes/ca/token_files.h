/* token_files.h - the two files that a request token is made of, the AuthKey and the certificate signing request:
 * whether each can be what it is given as. Pure.
 *
 * A token is computed from any bytes whatever, so that of exchanged files, or of another file, looks as good as the
 * right one and never matches. Hence this is looked at before anything is asked. */
#ifndef DCV_TOKEN_FILES_H
#define DCV_TOKEN_FILES_H

#include "model/dcv.h"

enum token_file { TOKEN_FILE_KEY, TOKEN_FILE_CSR };

/* What was expected in the place of these bytes, and what they are: for "…; expected " before it. NULL: nothing is
 * wrong with them. In the arena; where that is full, a shorter text. */
const char *token_file_expected(struct arena *a, enum token_file kind, struct bytes file);

#endif
