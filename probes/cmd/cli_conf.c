#include "cmd/cli_conf.h"

#include "cmd/cli.h"
#include "run/request_key.h"
#include "run/suffix_file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Checks the given fields before any file is read, so that a mistake on the command line is reported as such. Given
 * resolvers become options of the configuration, which replace its servers and its mode. */
static bool read_given(struct arena *a, const struct given_list *given, struct request *r, struct conf_option *ret,
                       size_t *n)
{
    struct input_error e;
    request_init(r, NULL, cli_now());
    for (size_t i = 0; i < given->n; i++) {
        const struct given *g = &given->v[i];
        int rc = request_set(a, r, g->field, g->value, g->len, &e);
        if (rc) {
            cli_refuse(a, rc, &e);
            return false;
        }
        if (!strcmp(g->field->name, "resolver"))
            ret[(*n)++] = (struct conf_option){"--resolver", "resolver", "servers", g->value};
    }
    return true;
}

static bool add_text(struct arena *a, struct given_list *given, const char *field, const char *value)
{
    return !value || given_add(a, given, (struct given){request_field_find(field), value, strlen(value)});
}

static bool add_list(struct arena *a, struct given_list *given, const char *field, const struct texts *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (!add_text(a, given, field, list->v[i]))
            return false;
    return true;
}

/* Adds the defaults of the configuration for fields that were not given. */
static bool add_defaults(struct arena *a, const struct request *d, struct given_list *given)
{
    struct given_list own = {0};
    const char *deadline =
        arena_printf(a, "%" PRIu32 ".%03" PRIu32, d->deadline_ms / 1000, d->deadline_ms % 1000);
    bool ok =
        deadline && add_text(a, &own, "deadline", deadline) &&
        add_text(a, &own, "depth", depth_name(d->depth)) &&
        add_text(a, &own, "caa_account", d->caa_account) &&
        add_text(a, &own, "account_uri", d->account_uri) && add_list(a, &own, "resolver", &d->resolvers) &&
        add_list(a, &own, "perspective", &d->perspectives) && add_list(a, &own, "allow_net", &d->allow_net) &&
        add_list(a, &own, "allow_target", &d->allow_targets) &&
        add_list(a, &own, "validated_target", &d->validated_targets);
    const struct given_list line = *given;
    for (size_t i = 0; ok && i < own.n; i++)
        ok = given_has(&line, own.v[i].field) || given_add(a, given, own.v[i]);
    if (!ok)
        complain_no_memory();
    return ok;
}

const struct conf *cli_conf_read(struct arena *a, const char *path, struct given_list *given)
{
    struct conf *c = arena_alloc(a, sizeof *c);
    struct conf_option *options = arena_array(a, given->n + 1, sizeof *options);
    size_t n = 0;
    const char *why = NULL;
    struct request r;
    struct input_error e;
    int rc;
    if (!c || !options) {
        complain_no_memory();
        return NULL;
    }
    if (!read_given(a, given, &r, options, &n))
        return NULL;
    /* Often only the daemon may read CONF_FILE: the user must be told that it is not used. */
    if (!path && access(CONF_FILE, R_OK) && errno != ENOENT && errno != ENOTDIR) {
        complain(CONF_FILE " cannot be read (%s): its settings are left out; --config names another file",
                 strerror(errno));
        rc = conf_parse(a, NULL, "", 0, c, &why);
    } else {
        rc = conf_load(a, path, options, n, c, &why);
    }
    if (!rc && c->suffix_file && (rc = suffix_file_use(a, c->suffix_file, &why)))
        why = arena_printf(a, "[names] public_suffix_list: %s", why);
    if (rc) {
        complain("%s%s", path ? "--config: " : "", why ? why : OUT_OF_MEMORY);
        return NULL;
    }
    rc = request_key(a, c, &r, &e);
    if (rc) {
        cli_refuse(a, rc, &e);
        return NULL;
    }
    return add_defaults(a, &c->defaults, given) ? c : NULL;
}

bool cli_conf_take(int opt, const char *value, const char **config, struct net_config *net)
{
    switch (opt) {
    case OPT_CONFIG:
        *config = value;
        return true;
    case OPT_TRUST_ANCHOR:
        net->trust_anchor = value;
        return true;
    case OPT_ROOT_HINTS:
        net->root_hints = value;
        return true;
    default:
        return false;
    }
}

void cli_conf_net(const struct conf *c, const struct texts *resolvers, const struct texts *allow_net,
                  struct net_config *net)
{
    const char *trust_anchor = net->trust_anchor, *root_hints = net->root_hints;
    bool recursive = resolvers_recursive(resolvers);
    *net = net_config_of(c);
    net->resolvers = *resolvers;
    net->allow_net = *allow_net;
    if (trust_anchor || !recursive)
        net->trust_anchor = trust_anchor;
    if (root_hints || !recursive)
        net->root_hints = root_hints;
}
