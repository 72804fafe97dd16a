#include "cmd/plugin.h"

#include "cmd/cli.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SAID_MOST = 4096, PLUGIN_UNKNOWN = 3 };

bool plugin_wanted(int argc, char **argv)
{
    static const char option[] = "--format", value[] = "nagios";
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
        size_t n = strcspn(argv[i], "=");
        bool names = n > strlen("--f") && n <= strlen(option) && !strncmp(argv[i], option, n);
        const char *given = !names ? NULL : argv[i][n] ? argv[i] + n + 1 : i + 1 < argc ? argv[i + 1] : NULL;
        if (given && !strcmp(given, value))
            return true;
    }
    return false;
}

/* The first line of what was said, without the names of program and command before it; a '|' would begin performance
 * data. */
static void say_unknown(char *said)
{
    static const char program[] = "dcvprobe";
    char *line = said, *end;
    line[strcspn(line, "\n")] = 0;
    if (!strncmp(line, program, strlen(program)) && (end = strstr(line, ": ")))
        line = end + 2;
    for (char *p = line; *p; p++)
        if (*p == '|')
            *p = '/';
    printf("DCV UNKNOWN - %s\n", *line ? line : "it ended without a word");
    fflush(stdout);
}

int plugin_run(int (*run)(int argc, char **argv), int argc, char **argv)
{
    char said[SAID_MOST];
    int before = dup(STDERR_FILENO), kept = memfd_create("said", MFD_CLOEXEC);
    bool caught = before >= 0 && kept >= 0 && dup2(kept, STDERR_FILENO) >= 0;
    int status = run(argc, argv);
    ssize_t n = 0;
    fflush(stderr);
    if (caught) {
        n = pread(kept, said, sizeof said - 1, 0);
        dup2(before, STDERR_FILENO);
    }
    said[n > 0 ? n : 0] = 0;
    if (status == EXIT_USAGE && !cli_plugin_spoke()) {
        say_unknown(said);
        status = PLUGIN_UNKNOWN;
    } else {
        fputs(said, stderr);
    }
    if (before >= 0)
        close(before);
    if (kept >= 0)
        close(kept);
    return status;
}
