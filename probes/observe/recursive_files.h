/* recursive_files.h - the two files of the recursive resolver: the trust anchor, with DS or DNSKEY records of the root,
 * one on each line; and the root hints, with the root's NS records and their addresses. Functions without state, for
 * any thread; what they return is in the arena given. */
#ifndef DCV_RECURSIVE_FILES_H
#define DCV_RECURSIVE_FILES_H

#include "model/dcv.h"

#define RECURSIVE_ANCHOR "/usr/share/dns/root.key" /* from the package dns-root-data */

/* Which of the two files is wrong, and how. */
struct recursive_fault {
    const char *file, *why; /* why: "No such file or directory" */
    bool hints;             /* the file is that of the root hints, not the trust anchor */
};
/* Reads the trust anchor, each record as one text of *anchors, and checks that the root hints can be read; root_hints
 * may be NULL: the public root. 0; -EINVAL or the negative errno of the reading, with *fault filled; or -ENOMEM. */
int recursive_files(struct arena *a, const char *trust_anchor, const char *root_hints, struct texts *anchors,
                    struct recursive_fault *fault);

/* The same for the text of a trust anchor. 0, -EINVAL with *why, or -ENOMEM. */
int recursive_anchors(struct arena *a, const char *text, struct texts *ret, const char **why);
/* The same for the text of root hints. */
int recursive_hints(struct arena *a, const char *text, const char **why);

#endif
