/* cli_conf.h - what checks in this process use of a configuration. Functions only; one thread. */
#ifndef DCV_CLI_CONF_H
#define DCV_CLI_CONF_H

#include "cmd/cli.h"
#include "observe/recursive_files.h"
#include "run/conf.h"
#include "run/net.h"

/* Reads the configuration for checks in this process: --config FILE, or (path is NULL) CONF_FILE if it exists. Adds its
 * defaults for requests to given, for fields that given does not name. A key that given names must be there. In the
 * arena; NULL: the error was printed. */
const struct conf *cli_conf_read(struct arena *a, const char *path, struct given_list *given);
/* The options of all sub-commands that check in this process, beside those of a request: rows of their table, and what
 * takes their values, which are kept, not copied. False: it is another option. */
#define CLI_CONF_OPTIONS                                                                                     \
    ROW_CONFIG, {"trust-anchor", OPT_TRUST_ANCHOR, "FILE", WORDS_FILE,                                       \
                 "with --resolver recursive: the root's keys (" RECURSIVE_ANCHOR ")"},                       \
    {                                                                                                        \
        "root-hints", OPT_ROOT_HINTS, "FILE", WORDS_FILE,                                                    \
            "with --resolver recursive: the root's name servers (the public ones)"                           \
    }
#define ROW_CONFIG                                                                                           \
    {                                                                                                        \
        "config", OPT_CONFIG, "FILE", WORDS_FILE,                                                            \
            "what the command line does not say ([checks], [resolver], [fetch], [names], [ca], [targets]; "  \
            CONF_FILE ")"                                                                                    \
    }
bool cli_conf_take(int opt, const char *value, const char **config, struct net_config *net);

/* Sets net from the configuration; net->trust_anchor and .root_hints are kept where they are set. */
void cli_conf_net(const struct conf *c, const struct texts *resolvers, const struct texts *allow_net,
                  struct net_config *net);

#endif
