#include "run/request_key.h"

#include "format/request_files.h"

#include <errno.h>

static int refuse(struct input_error *err, const char *name, const char *expected)
{
    *err = (struct input_error){
        .code = CODE_invalid_value, .field = "auth_key_name", .value = name, .expected = expected};
    return expected ? -EINVAL : -ENOMEM;
}

/* "a name from [auth_keys] of FILE, which has main, second" */
static const char *known_names(struct arena *a, const struct conf *c)
{
    const char *list = "";
    for (size_t i = 0; list && i < c->n_auth_keys; i++)
        list = arena_concat(a, list, i ? ", " : "", c->auth_keys[i].name, NULL);
    if (!list)
        return NULL;
    return arena_printf(a, "a name from [auth_keys] of the configuration (%s), which has %s",
                        c->file ? c->file : "there is no file", *list ? list : "none");
}

/* Reads the key's file. NULL: the key is there; else what was expected instead. */
static const char *load(struct arena *a, struct auth_key *k)
{
    const char *why;
    if (conf_load_key(a, k, &why)) {
        const char *text = arena_printf(a, "a key whose file can be read; %s: %s", k->file, why);
        return text ? text : "a key whose file can be read";
    }
    why = token_file_expected(a, TOKEN_FILE_KEY, k->key);
    if (why)
        k->key.n = 0;
    return why;
}

int request_key(struct arena *a, const struct conf *c, struct request *r, struct input_error *err)
{
    struct auth_key *key = NULL;
    if (!r->auth_key_name)
        return 0;
    for (size_t i = 0; i < c->n_auth_keys && !key; i++)
        if (!strcmp(c->auth_keys[i].name, r->auth_key_name))
            key = &c->auth_keys[i];
    if (!key)
        return refuse(err, r->auth_key_name, known_names(a, c));
    const char *expected = key->key.n ? NULL : load(a, key);
    if (expected)
        return refuse(err, r->auth_key_name, expected);
    if (!r->auth_key.n)
        r->auth_key = key->key;
    return 0;
}
