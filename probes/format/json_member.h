/* json_member.h - one member of a JSON object, found in its text. Pure.
 *
 * For texts that this program has written itself and of which one member is wanted, so that reading all of it would be
 * a waste: reports in the store, the lines of a batch, the last results of a watch. The text is an object without
 * blanks around its colons. Members of objects within it are passed over, and so is whatever stands between quotes. Any
 * other bytes do no harm: they give NULL, or a piece of the text that means nothing. */
#ifndef DCV_JSON_MEMBER_H
#define DCV_JSON_MEMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Where the value of the member stands in text, its quotes or brackets included: *n bytes of it. NULL: there
 * is none. */
const char *json_member(const char *text, size_t len, const char *key, size_t *n);

/* The same of a value that is a text without escapes: ret has it without its quotes. False where there is none, or none
 * that fits into room with its NUL. */
bool json_member_word(const char *text, size_t len, const char *key, char *ret, size_t room);

#endif
