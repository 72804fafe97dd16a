#include "show/render_wrap.h"

#include "base/text.h"

#include <string.h>

void render_wrap(struct buf *b, const char *text, const char *margin, size_t at, unsigned width)
{
    size_t indent = text_characters(margin, strlen(margin));
    for (const char *s = text; *s;) {
        s += strspn(s, " ");
        size_t n = strcspn(s, " "), c = text_characters(s, n);
        if (!n)
            break;
        if (at > indent && at + c + (s > text) > width) {
            while (b->n && b->p[b->n - 1] == ' ')
                b->n--; /* what the caller wrote before the text ends in a blank */
            buf_printf(b, "\n%s", margin);
            at = indent;
        } else if (s > text) {
            buf_puts(b, " ");
            at++;
        }
        buf_add(b, s, n);
        at += c;
        s += n;
    }
    buf_puts(b, "\n");
}

const char *render_safe(struct arena *a, const char *s, size_t most)
{
    const char *shown = s ? text_escape(a, s, strlen(s), most) : NULL;
    return shown ? shown : "";
}
