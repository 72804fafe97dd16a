/* plugin.h - the command as a plugin of a monitoring system: with --format nagios whatever goes wrong is a status, too.
 * One thread. */
#ifndef DCV_PLUGIN_H
#define DCV_PLUGIN_H

#include <stdbool.h>

/* Whether the arguments ask for the format nagios, in whatever way getopt_long() takes it; also where others of
 * them are mistaken. */
bool plugin_wanted(int argc, char **argv);
/* Calls run(argc, argv). Where it ends as a mistake of usage or configuration, and has shown no status, the line on
 * standard output is "DCV UNKNOWN - " with its first complaint, and the exit status that of UNKNOWN (Monitoring Plugins
 * Development Guidelines). Complaints go to standard error otherwise. Returns the exit status. */
int plugin_run(int (*run)(int argc, char **argv), int argc, char **argv);

#endif
