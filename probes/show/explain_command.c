#include "show/explain_command.h"

#include "format/reproduce.h"
#include "wire/name.h"

#include <string.h>

/* How many characters of a variable are shown in a line: enough for the longest domain name. */
enum { SHOWN = 260 };

/* How a code is reproduced. CHECK: dcvprobe check of the variable; WILDCARD: of the variable with *. before it;
 * PREFLIGHT: dcvprobe preflight; DOMAIN_PREFLIGHT: the same with the variable as a name of the order; CURL: a call to
 * dcvd's API, in which %s is the variable, a parameter's name; CURL_AS_NOBODY: the same as user nobody. */
enum how { NOTHING, CHECK, WILDCARD, PREFLIGHT, DOMAIN_PREFLIGHT, CURL, CURL_AS_NOBODY };

#define TOKEN "--token VALUE"
#define REQUEST_TOKEN "--auth-key-file KEYFILE --csr CSRFILE"
#define CONFIG "--config /etc/dcvd/dcvd.conf"
#define POST "/v1/checks -d "

static const struct {
    enum how how;
    const char *rest;
} commands[CODE_COUNT + 1] = {
    [CODE_request_limit_exceeded] = {CURL, "/v1/stats"},
    [CODE_not_found] = {CURL, "/v1/checks/no-such-id"},
    [CODE_not_found_route] = {CURL, "/v1/no-such-route"},
    [CODE_access_denied_missing_permission] = {CURL_AS_NOBODY, "/v1/stats"},
    [CODE_bad_request_format] = {CURL, POST "'{\"domain\":'"},
    [CODE_missing_request_data] = {CURL, "/v1/checks -X POST"},
    [CODE_required_param] = {CURL, POST "'{\"methods\":[\"caa\"]}'"},
    [CODE_invalid_value] = {CURL, POST "'{\"domain\":\"example.com\",\"%s\":\"no-such-value\"}'"},
    [CODE_invalid_chars] = {CURL, POST "'{\"domain\":\"example.com\",\"filename\":\"a/b\"}'"},
    [CODE_internal_data_check_failed] = {CURL, "/readyz"},

    [CODE_dns_entry_missing] = {CHECK, "--method dns-txt-token " REQUEST_TOKEN},
    [CODE_dns_invalid_entry] = {CHECK, "--method dns-txt-token " REQUEST_TOKEN},
    [CODE_dns_internal_error] = {CHECK, "--method dns-txt-token " TOKEN},
    [CODE_dns_mismatch] = {CHECK, "--method dns-txt-token " TOKEN},
    [CODE_invalid_dns_txt] = {CHECK, "--method dns-txt-token " TOKEN},
    [CODE_invalid_dns_cname] = {CHECK, "--method dns-cname-token " TOKEN},
    [CODE_malformed_cname_target] = {CHECK, "--method dns-cname-target"},
    [CODE_invalid_cname_whitelist] = {CHECK, "--method dns-cname-target " CONFIG},
    [CODE_invalid_cname_validation] = {CHECK, "--method dns-cname-target " CONFIG},
    [CODE_file_incorrect_content] = {CHECK, "--method http-token " REQUEST_TOKEN},
    [CODE_file_invalid_format] = {CHECK, "--method http-token " REQUEST_TOKEN},
    [CODE_file_outdated_content] = {CHECK, "--method http-token " REQUEST_TOKEN},
    [CODE_file_not_found] = {CHECK, "--method http-token " TOKEN},
    [CODE_file_server_not_reachable] = {CHECK, "--method http-token " TOKEN},
    [CODE_file_random_value_not_found] = {CHECK, "--method http-token " TOKEN},
    [CODE_caa_check_failed] = {CHECK, "--method caa"},
    [CODE_caa_not_found] = {CHECK, "--method caa"},
    [CODE_dns_lookup_timeout_caa] = {CHECK, "--method caa"},
    [CODE_invalid_caa_entry] = {CHECK, "--method caa"},
    [CODE_domain_locked] = {CHECK, "--method caa --caa-account ACCOUNT " CONFIG},
    [CODE_dns_invalid_domain] = {CHECK, "--method caa"},
    [CODE_internal_names_not_allowed] = {CHECK, "--method caa"},
    [CODE_invalid_wildcard_dcv_method] = {WILDCARD, "--method http-token"},

    [CODE_disabled_domain] = {DOMAIN_PREFLIGHT, CONFIG},
    [CODE_domain_not_allowed] = {DOMAIN_PREFLIGHT, CONFIG},
    [CODE_domains_not_prevalidated] = {DOMAIN_PREFLIGHT, CONFIG},
    [CODE_protected_domain] = {DOMAIN_PREFLIGHT, CONFIG},
    [CODE_email_domain_not_validated] = {PREFLIGHT, "--email ADDRESS " CONFIG},
    [CODE_email_not_valid_email_format] = {PREFLIGHT, "--email ADDRESS"},
    [CODE_csr_invalid_cannot_parse] = {PREFLIGHT, "--csr CSRFILE"},
    [CODE_csr_invalid_key_size_client_cert] = {PREFLIGHT, "--csr CSRFILE --product client"},
    [CODE_csr_invalid_key_size_code_signing] = {PREFLIGHT, "--csr CSRFILE --product code-signing"},
    [CODE_csr_safenet_cc_invalid_csr_key_size] = {PREFLIGHT, "--csr CSRFILE --product safenet-cc"},
    [CODE_csr_safenet_fips_requires_ecc_key] = {PREFLIGHT, "--csr CSRFILE --product safenet-fips"},
    [CODE_invalid_common_name_on_duplicate] = {PREFLIGHT, "--csr CSRFILE --original OLDCSRFILE"},
    [CODE_invalid_dns_name_on_duplicate] = {PREFLIGHT, "--csr CSRFILE --original OLDCSRFILE"},
    [CODE_missing_dns_name_on_duplicate] = {PREFLIGHT, "--csr CSRFILE --original OLDCSRFILE"},
    [CODE_note_contains_private_key] = {PREFLIGHT, "--note FILE"},
    [CODE_other_domain_on_wildcard] = {PREFLIGHT, "--csr CSRFILE --san NAME"},
    [CODE_rfc5280_common_name_invalid] = {PREFLIGHT, "--csr CSRFILE"},
    [CODE_rfc5280_common_name_too_long] = {PREFLIGHT, "--csr CSRFILE"},
    [CODE_rfc5280_org_unit_too_long] = {PREFLIGHT, "--csr CSRFILE"},
    [CODE_rfc5280_org_name_too_long] = {PREFLIGHT, "--csr CSRFILE"},
    [CODE_rfc5280_address_field_too_long] = {PREFLIGHT, "--csr CSRFILE"},
    [CODE_rfc5280_org_unit_invalid] = {PREFLIGHT, "--csr CSRFILE"},
    [CODE_rfc5280_org_invalid] = {PREFLIGHT, "--csr CSRFILE"},
};

/* value as a word of a shell line, or `instead` where it is empty. value comes from outside: it is quoted so that a
 * shell runs no part of it when the line is pasted, and cut so that the line stays readable. Between single quotes only
 * the single quote has a meaning (POSIX 2.2.2), and control bytes are escaped before. */
static const char *word(struct arena *a, const char *value, const char *instead)
{
    if (!value || !*value)
        return instead;
    const char *shown = text_escape(a, value, strlen(value), SHOWN);
    return shown ? shell_quote(a, shown) : NULL;
}

/* Whether s can stand in a JSON text as a parameter's name without being escaped. */
static bool is_member_name(const char *s)
{
    return s && *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._")];
}

bool code_check(struct arena *a, enum code c, const char *const variables[2], const char **domain,
                enum method *m)
{
    static const char option[] = "--method ";
    if (!code_info(c) || (commands[c].how != CHECK && commands[c].how != WILDCARD))
        return false;
    const char *name = commands[c].rest + strlen(option);
    name = arena_strndup(a, name, strcspn(name, " "));
    const char *value = variables[0] && *variables[0] ? variables[0] : NULL;
    if (value && commands[c].how == WILDCARD && strncmp(value, "*.", 2) != 0)
        value = arena_printf(a, "*.%s", value);
    *domain = value;
    return name && method_parse(name, m);
}

char *code_command(struct arena *a, enum code c, const char *const variables[2])
{
    if (!code_info(c) || commands[c].how == NOTHING)
        return NULL;
    const char *rest = commands[c].rest;
    const char *value = variables ? variables[0] : NULL;
    const char *name;
    switch (commands[c].how) {
    case NOTHING:
        break;
    case WILDCARD:
        if (!value || !*value)
            value = "*.DOMAIN";
        else if (strncmp(value, "*.", 2))
            value = arena_printf(a, "*.%s", value);
        if (!value)
            return NULL;
        name = word(a, value, NULL);
        return name ? arena_printf(a, "dcvprobe check %s %s", name, rest) : NULL;
    case CHECK:
        name = word(a, value, "DOMAIN");
        if (!name)
            return NULL;
        if (value && *value == '-') /* the name must not be taken for an option */
            return arena_printf(a, "dcvprobe check %s -- %s", rest, name);
        return arena_printf(a, "dcvprobe check %s %s", name, rest);
    case PREFLIGHT:
        return arena_printf(a, "dcvprobe preflight %s", rest);
    case DOMAIN_PREFLIGHT:
        name = word(a, value, "DOMAIN");
        return name ? arena_printf(a, "dcvprobe preflight --san %s %s", name, rest) : NULL;
    case CURL:
    case CURL_AS_NOBODY: {
        const char *hole = strstr(rest, "%s");
        size_t before = hole ? (size_t)(hole - rest) : strlen(rest);
        const char *parameter = is_member_name(value) ? value : "depth";
        return arena_printf(a, "%scurl -si --unix-socket /run/dcvd/dcvd.sock http://localhost%.*s%s%s",
                            commands[c].how == CURL ? "" : "sudo -u nobody ", (int)before, rest,
                            hole ? parameter : "", hole ? hole + 2 : "");
    }
    }
    return NULL;
}
