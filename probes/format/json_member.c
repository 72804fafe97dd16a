#include "format/json_member.h"

#include <string.h>

/* From an opening quote to the closing one; end where there is none. */
static const char *closing_quote(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\' && ++p == end)
            break;
    return p;
}

const char *json_member(const char *text, size_t len, const char *key, size_t *n)
{
    const size_t key_len = strlen(key);
    const char *end = text + len, *value = NULL; /* where the value begins, once its key was seen */
    int depth = 0;
    for (const char *p = text; p < end; p++) {
        bool over = false; /* a member of the outermost object ends here */
        if (*p == '"') {
            const char *name = p + 1;
            p = closing_quote(p, end);
            if (p == end)
                return NULL;
            if (depth == 1 && !value && end - p > 1 && p[1] == ':' && (size_t)(p - name) == key_len &&
                !memcmp(name, key, key_len))
                value = p + 2;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            over = --depth < 1;
        } else if (*p == ',') {
            over = depth == 1;
        }
        if (over && value) {
            *n = (size_t)(p - value);
            return value;
        }
    }
    return NULL;
}

bool json_member_word(const char *text, size_t len, const char *key, char *ret, size_t room)
{
    size_t n;
    const char *value = json_member(text, len, key, &n);
    if (!value || n < 2 || n - 2 >= room || value[0] != '"' || value[n - 1] != '"' || memchr(value, '\\', n))
        return false;
    memcpy(ret, value + 1, n - 2);
    ret[n - 2] = '\0';
    return true;
}
