/* as_user.h - makes this process another user's, for --check-config: what root can read the daemon's user may not.
 * Thread: the only one there is. */
#ifndef DCVD_AS_USER_H
#define DCVD_AS_USER_H

/* Of the package's user, as which the unit runs the daemon. */
#define DCVD_USER "dcvd"

/* Gives up root for user name, with the groups that the system gives it; NULL: DCVD_USER, where root asks and there is
 * such a user, otherwise nobody. Returns the name of the user that is judged for, NULL where the process stays as it
 * was. *why: NULL, or one line that says why it cannot be done. */
const char *as_user(const char *name, const char **why);

#endif
