/* whole_file.h - reads a whole file into an arena. No state; any thread.
 *
 * For run/ and cmd/. The two files of the recursive resolver are read in observe/recursive_files.c, since observe/ is
 * below run/ and what is below observe/ reads no files. */
#ifndef DCV_WHOLE_FILE_H
#define DCV_WHOLE_FILE_H

#include "model/dcv.h"

/* Reads fd up to its end. ret->p ends with a NUL that ret->n does not count. The file may be a key, so no copy of it
 * stays on the heap. 0, -EFBIG for more than `most` bytes, -ENOMEM, or what read() said. */
int whole_file_read(struct arena *a, int fd, size_t most, struct bytes *ret);

#endif
