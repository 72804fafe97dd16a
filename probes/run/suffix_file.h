/* suffix_file.h - which public suffix list names are judged by. Called once at the start of a program, before
 * it has threads. */
#ifndef DCV_SUFFIX_FILE_H
#define DCV_SUFFIX_FILE_H

#include "base/arena.h"

#define SUFFIX_FILE "/usr/share/publicsuffix/public_suffix_list.dat" /* that of the package publicsuffix */

/* Takes the list of file, and keeps it as long as the program lives. NULL: that of SUFFIX_FILE where it is
 * there, in order, and newer than the list in use; this cannot fail, and needs neither a nor why. The day of
 * a list that names no VERSION is that of its file. 0; or a negative errno, with one line for the operator in
 * *why (in a), and the list in use stays. */
int suffix_file_use(struct arena *a, const char *file, const char **why);

#endif
