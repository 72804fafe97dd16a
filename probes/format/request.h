/* request.h - turns what a person or a program wrote into a struct request, or into one line that says what is wrong.
 *
 * One table of fields is used for the command line (--validation-method), for the API and for case files
 * ("validation_method"). A struct request belongs to its caller; its texts are copies in the arena. Any thread. Pure:
 * the caller reads files and the clock. Durations are milliseconds. Header of request.c and request_finish.c. */
#ifndef DCV_REQUEST_H
#define DCV_REQUEST_H

#include "model/dcv.h"

/* Bad input; only the first error is reported. */
struct input_error {
    enum code code;       /* CODE_required_param, CODE_invalid_value or CODE_invalid_chars */
    const char *field;    /* "deadline" */
    const char *value;    /* as given, escaped and shortened; NULL where it is missing */
    const char *expected; /* "a whole number of seconds from 1 to 3600" */
};
/* "--deadline: 'x' is not …; expected …" with dash true, "deadline: …" without. In the arena. */
char *input_error_text(struct arena *a, const struct input_error *e, bool dash);

enum field_kind {
    FIELD_TEXT,   /* one text */
    FIELD_LIST,   /* may be repeated; an array in JSON */
    FIELD_NUMBER, /* in JSON a number, too */
    FIELD_TIME,   /* RFC 3339, or YYYY-MM-DD */
    FIELD_BYTES   /* on the command line a file with the content, in JSON a text */
};

struct request_field {
    const char *name; /* with underscores, as in the API */
    enum field_kind kind;
    bool secret;      /* never written: auth_key */
    const char *argument, *help; /* for --help: "NAME", "the authorization domain name …" */
    const char *option; /* the option of the command line without "--": "auth-key-file" */
};
const struct request_field *request_fields(size_t *n);
const struct request_field *request_field_find(const char *name); /* by name or option, dashes or underscores; NULL */

/* Fields and their texts in the order in which they were given, for request_set(). */
struct given {
    const struct request_field *field;
    const char *value; /* for FIELD_BYTES the content, not the name of a file */
    size_t len;
};
struct given_list {
    struct given *v;
    size_t n;
};
bool given_add(struct arena *a, struct given_list *list, struct given one); /* false: the arena is full */
bool given_has(const struct given_list *list, const struct request_field *f);

enum { REQUEST_DEADLINE_MS = 30 * 1000 }; /* the default */

/* Sets all defaults. profile: NULL for the built-in one. */
void request_init(struct request *r, const struct profile *profile, dcv_time now);
/* Sets one field from its text, which is copied; for a list, adds the value. value may contain NULs. An AuthKey is the
 * content of its file; one final newline is removed. 0, -EINVAL with *err filled, or -ENOMEM. */
int request_set(struct arena *a, struct request *r, const struct request_field *f, const char *value, size_t len,
                struct input_error *err);
/* Sets a whole request: the fields in own, then those of defaults that own does not name; then calls request_finish().
 * request_init(r) must have been called. */
int request_from(struct arena *a, struct request *r, const struct given_list *own, const struct given_list *defaults,
                 struct input_error *err);
/* Call it after the last field. Checks fields against one another, and sets .methods (never 0 afterwards), .method (the
 * first of them) and .adn. auth_key_name counts as a key, which the caller looks up afterwards. A domain that the CA
 * would refuse is not an error here but sets .name_code. .now must be known. 0, -EINVAL with *err, or -ENOMEM. */
int request_finish(struct arena *a, struct request *r, struct input_error *err);
/* A shallow copy of the request, with .method set to one of its methods, and .adn to the name at which that looks. */
struct request request_for(const struct request *r, enum method m);

#endif
