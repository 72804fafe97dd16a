/* explain_ask.c - asks the person at the terminal. */
#include "cmd/explain_ask.h"

#include "wire/name_read.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool can_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* One line without blanks at its ends, in the arena; NULL where it is empty or at the end of the input. */
static const char *answer(struct arena *a, const char *question)
{
    char *line = NULL;
    size_t room = 0;
    fputs(question, stderr);
    fflush(stderr);
    ssize_t n = getline(&line, &room, stdin);
    if (n < 0)
        fputc('\n', stderr);
    struct bytes b = n < 0 ? (struct bytes){0} : bytes_trim((struct bytes){(const uint8_t *)line, (size_t)n});
    const char *s = b.n ? arena_strndup(a, b.p, b.n) : NULL;
    free(line);
    return s;
}

int ask_domain(struct arena *a, const char *code, const char **ret)
{
    while (can_ask()) {
        const char *text = answer(a, "Domain that the error is about: ");
        struct name name;
        if (!text)
            break;
        if (!name_read(a, text, strlen(text), &name) && name.domain) {
            *ret = text;
            return EXIT_PASS;
        }
        complain("%s", name.reason);
    }
    complain("--run: '%s' names no domain; give it with --domain NAME, or as %s|shop.example.com",
             code, code);
    return EXIT_USAGE;
}

/* The option of a field, as getopt_long() gives it to cli_given(). */
static int option_of(const struct request_field *f)
{
    size_t n;
    return OPT_FIELD + (int)(f - request_fields(&n));
}

static bool has(const struct given_list *given, const char *field)
{
    const struct request_field *f = request_field_find(field);
    return f && given_has(given, f);
}

/* Asks for a file until one can be read. False: there is no answer. */
static bool ask_file(struct arena *a, struct given_list *given, const char *field, const char *question)
{
    for (const char *path; (path = answer(a, question));)
        if (cli_given(a, given, option_of(request_field_find(field)), path))
            return true;
    return false;
}

bool ask_needs_token(enum method m)
{
    return m != METHOD_CAA && m != METHOD_DNS_CNAME_TARGET && m != METHOD_DNS_PERSIST;
}

/* Whether a method that --method names needs a value. */
static bool methods_need_token(const struct given_list *given)
{
    for (size_t i = 0; i < given->n; i++) {
        if (given->v[i].field != request_field_find("methods"))
            continue;
        const char *p = given->v[i].value;
        for (p += strspn(p, ", "); *p; p += strspn(p, ", ")) {
            size_t n = strcspn(p, ", ");
            for (unsigned m = 0; m < METHOD_COUNT; m++)
                if (strlen(method_name((enum method)m)) == n && !strncmp(method_name((enum method)m), p, n) &&
                    ask_needs_token((enum method)m))
                    return true;
            p += n;
        }
    }
    return false;
}

int ask_token(struct arena *a, struct given_list *given)
{
    bool key = has(given, "auth_key") || has(given, "auth_key_name"), csr = has(given, "csr");
    if (has(given, "token") || (key && csr))
        return EXIT_PASS;
    if (has(given, "methods") && !methods_need_token(given))
        return EXIT_PASS;
    if (can_ask()) {
        const char *token =
            key || csr ? NULL : answer(a, "Random value of the order (empty: a request token is used): ");
        if (token)
            return given_add(a, given, (struct given){request_field_find("token"), token, strlen(token)})
                       ? EXIT_PASS
                       : EXIT_USAGE;
        key = key || ask_file(a, given, "auth_key", "File with the account's AuthKey: ");
        csr = key && (csr || ask_file(a, given, "csr", "File with the CSR: "));
        if (key && csr)
            return EXIT_PASS;
    }
    complain("--run: the value to look for is missing; give the order's random value with --token V, "
             "or for a "
             "request token --auth-key-file F and --csr F");
    return EXIT_USAGE;
}
