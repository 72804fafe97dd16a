/* paste_inner.h - what the files of paste.h share with each other.
 *
 * A plain text is what paste_plain() makes of a paste: without the spellings that programs, mails and
 * terminals put around a text. It may still hold any byte, NUL included, and is not valid UTF-8 for certain.
 */
#ifndef DCV_PASTE_INNER_H
#define DCV_PASTE_INNER_H

#include "base/buf.h"
#include "format/paste.h"

/* ---- paste_plain.c */
/* Writes the plain text of len bytes to out. Takes time in proportion to len. False: out of memory. */
bool paste_plain(struct buf *out, const char *text, size_t len);
/* Removes each line end with the blanks around it: where a program has broken lines of a fixed width, a code
 * goes on in the next line. */
void paste_join(struct buf *b);
/* Removes the blanks around each "_", "|" and "." that has some on both sides: what is read from a picture of a text
 * has them ("dns _ mismatch | shop . example . com"). */
void paste_close(struct buf *b);

/* ---- paste_messages.c: the messages of the API's document, which stand in logs without their code */
struct paste_message {
    size_t at, end;     /* where it stands */
    enum code codes[8]; /* those that the document describes by it; CODE_NONE ends the list */
};
/* Calls seen() for each message in the text, from its begin to its end, until it returns false. */
void paste_messages(const char *p, size_t n, bool (*seen)(void *user, const struct paste_message *m),
                    void *user);

/* ---- paste_names.c: domains in a text */
/* The domain that p means, in A-labels and with its "*."; NULL where it is none that a public CA may be asked
 * for, or the arena is full. */
const char *paste_domain(struct arena *a, const char *p, size_t n);
/* The domain that the text speaks of beside an error at offset `at`: the only one of its line or of the whole
 * text, and first that which a word such as "for" or "domain" announces. NULL where there is none, or no
 * single one. */
struct paste_names;
const struct paste_names *paste_names_read(struct arena *a, const char *p,
                                           size_t n); /* NULL: the arena is full */
const char *paste_name_near(const struct paste_names *names, const char *p, size_t at);

/* ---- paste_order.c: the order check's answer */
/* Reads the members of an order check into ret, if the text holds one. 0 or -ENOMEM. */
int paste_order_read(struct arena *a, const char *p, size_t n, struct paste *ret);

/* ---- characters */
static inline bool paste_is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static inline bool paste_is_word(char c)
{
    return paste_is_alnum(c) || c == '_' || c == '-';
}

static inline bool paste_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline bool paste_is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

#endif
