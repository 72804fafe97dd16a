/* paste_order.c - reads an order check's answer,
 * {"order_status","dcv_status","dns_name_validations":[{"dns_name", "status"}]}, in JSON or XML, whole or
 * cut. It has no error code: it says which names are validated. */
#include "format/paste_inner.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum { NAMES_MOST = 1000, VALUE_MOST = 300, MEMBERS = 5 };

enum member { ORDER_STATUS, DCV_STATUS, VALIDATIONS, DNS_NAME, STATUS };
static const char *const members[MEMBERS] = {"order_status", "dcv_status", "dns_name_validations", "dns_name",
                                             "status"};

/* Which member's name the word is, or -1. Programs write them with underscores or in one word with capitals.
 */
static int member_of(const char *p, size_t n)
{
    for (int m = 0; m < MEMBERS; m++) {
        const char *name = members[m];
        size_t i = 0;
        for (; i < n && *name; i++, name++) {
            if (*name == '_' && p[i] != '_')
                name++;
            if ((p[i] | 0x20) != (*name | 0x20))
                break;
        }
        if (i == n && !*name)
            return m;
    }
    return -1;
}

/* The value behind a member's name that ends at i: its begin, and *len. 0: there is none. */
static size_t value_of(const char *p, size_t n, size_t i, size_t *len)
{
    size_t at = i;
    while (at < n && at - i < 20 && (paste_is_blank(p[at]) || paste_is_quote(p[at])))
        at++;
    if (at == n || !strchr(":=>", p[at]) || !p[at])
        return 0;
    while (at < n && at - i < 40 &&
           (paste_is_blank(p[at]) || paste_is_quote(p[at]) || (p[at] && strchr(":=>", p[at]))))
        at++;
    size_t end = at;
    while (end < n && end - at < VALUE_MOST && !paste_is_blank(p[end]) && !paste_is_quote(p[end]) && p[end] &&
           !strchr("<>,;{}[]", p[end]))
        end++;
    *len = end - at;
    return *len ? at : 0;
}

static int add_name(struct arena *a, struct paste *ret, const char *domain, const char *status)
{
    if (ret->n_names == NAMES_MOST) {
        ret->more = true;
        return 0;
    }
    struct paste_name *v = arena_grow(a, ret->names, ret->n_names, sizeof *v);
    if (!v)
        return -ENOMEM;
    bool validated = status && (!strcasecmp(status, "approved") || !strcasecmp(status, "valid") ||
                                !strcasecmp(status, "validated") || !strcasecmp(status, "complete"));
    v[ret->n_names++] = (struct paste_name){domain, status, validated};
    ret->names = v;
    return 0;
}

int paste_order_read(struct arena *a, const char *p, size_t n, struct paste *ret)
{
    const char *domain = NULL, *status = NULL; /* of the object that is read */
    bool list = false;
    int rc = 0;
    for (size_t i = 0; i < n && !rc;) {
        if (!paste_is_word(p[i])) {
            bool over = p[i] == '}' || p[i] == ']';
            if (over && domain) {
                rc = add_name(a, ret, domain, status);
                domain = status = NULL;
            }
            i++;
            continue;
        }
        size_t at = i;
        while (i < n && paste_is_word(p[i]))
            i++;
        int m = member_of(p + at, i - at);
        size_t len = 0, value = m >= 0 && m != VALIDATIONS ? value_of(p, n, i, &len) : 0;
        list = list || m == VALIDATIONS;
        if (!value)
            continue;
        bool needed = m == ORDER_STATUS ? !ret->order_status : m == DCV_STATUS ? !ret->dcv_status : list;
        const char *text = needed ? arena_strndup(a, p + value, len) : NULL;
        if (needed && !text)
            return -ENOMEM;
        if (m == ORDER_STATUS)
            ret->order_status = needed ? text : ret->order_status;
        else if (m == DCV_STATUS)
            ret->dcv_status = needed ? text : ret->dcv_status;
        else if (m == DNS_NAME && list && domain &&
                 !rc) { /* the object before had no end: XML, or a cut text */
            rc = add_name(a, ret, domain, status);
            domain = text;
            status = NULL;
        } else if (m == DNS_NAME && list)
            domain = text;
        else if (m == STATUS && list)
            status = text;
        if (domain && status && !rc) {
            rc = add_name(a, ret, domain, status);
            domain = status = NULL;
        }
        i = value + len;
    }
    if (!rc && domain)
        rc = add_name(a, ret, domain, status);
    ret->order_check = list || (ret->order_status && ret->dcv_status);
    return rc;
}
