#include "as_user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int become(const struct passwd *user)
{
    if (initgroups(user->pw_name, user->pw_gid) || setgid(user->pw_gid) || setuid(user->pw_uid))
        return -errno;
    prctl(PR_SET_DUMPABLE, 1); /* lost with the change of user; a leak checker and a debugger need it */
    return 0;
}

const char *as_user(const char *name, const char **why)
{
    static char text[300];
    const char *wanted = name ? name : DCVD_USER;
    *why = NULL;
    if (!name && geteuid())
        return NULL;
    const struct passwd *user = getpwnam(wanted);
    if (!user && !name)
        return NULL;
    if (user && user->pw_uid == geteuid())
        return wanted;
    int rc = !user ? 0 : geteuid() ? -EPERM : become(user);
    if (user && !rc)
        return wanted;
    snprintf(text, sizeof text, "--user: '%.100s': %s", wanted,
             user ? "only root can judge as another user" : "unknown; expected a user of this system, by name");
    *why = text;
    return NULL;
}
