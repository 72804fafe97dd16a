/* request.h - from what a person or a program wrote to a struct request, or to one line that says what is wrong.
 *
 * One table of fields serves the command line (--validation-method), the API and case files
 * ("validation_method"): its rows are the options of `dcvprobe check` that describe the request. Pure; the
 * caller reads files and the clock. */
#ifndef DCV_REQUEST_H
#define DCV_REQUEST_H

#include "model/dcv.h"

/* Bad input. Exactly one thing is reported: the first. */
struct input_error {
    enum code code;       /* CODE_required_param, CODE_invalid_value or CODE_invalid_chars */
    const char *field;    /* "deadline" */
    const char *value;    /* as given, escaped and cut for a line of text; NULL where it is missing */
    const char *expected; /* "a whole number of seconds from 1 to 3600" */
};
/* "--deadline: 'x' is not …; expected …" with dash true, "deadline: …" without. In the arena. */
char *input_error_text(struct arena *a, const struct input_error *e, bool dash);

enum field_kind {
    FIELD_TEXT,   /* one text */
    FIELD_LIST,   /* may be repeated; an array in JSON */
    FIELD_NUMBER, /* a number in JSON too */
    FIELD_TIME,   /* RFC 3339, or YYYY-MM-DD */
    FIELD_BYTES   /* content of a file on the command line, a text in JSON */
};

struct request_field {
    const char *name; /* with underscores: the API's form */
    enum field_kind kind;
    bool secret;      /* never written: auth_key */
    const char *argument, *help; /* for --help: "NAME", "the authorization domain name …" */
    const char *option; /* the command line's form, without dashes before it: "auth-key-file" */
};
const struct request_field *request_fields(size_t *n);
const struct request_field *request_field_find(const char *name); /* by name or option, dashes or underscores; NULL */

/* Fields with their texts, in the order in which they were given: what request_set() takes. */
struct given {
    const struct request_field *field;
    const char *value; /* of a FIELD_BYTES the content, not the file's name */
    size_t len;
};
struct given_list {
    struct given *v;
    size_t n;
};
bool given_add(struct arena *a, struct given_list *list, struct given one); /* false: the arena is full */
bool given_has(const struct given_list *list, const struct request_field *f);

enum { REQUEST_DEADLINE_MS = 30 * 1000 }; /* the default */

/* A request with every default set. profile: NULL for the one built in. */
void request_init(struct request *r, const struct profile *profile, dcv_time now);
/* Sets (or, for a list, adds to) one field from its text. value may hold NULs; an AuthKey is the content of its file
 * and loses its one final newline here. 0, -EINVAL with *err filled, or
 * -ENOMEM. The value is copied. */
int request_set(struct arena *a, struct request *r, const struct request_field *f, const char *value, size_t len,
                struct input_error *err);
/* A whole request: own, then what defaults has of fields that own does not name, then request_finish(). r has been
 * through request_init(). */
int request_from(struct arena *a, struct request *r, const struct given_list *own, const struct given_list *defaults,
                 struct input_error *err);
/* After the last field: checks fields against one another, and settles .methods (never 0 afterwards), .method (the
 * first of them) and .adn. auth_key_name counts as a key: the caller looks it up afterwards. A domain that the CA would
 * refuse is no error here but .name_code. .now must be known. 0, -EINVAL with *err, -ENOMEM. */
int request_finish(struct arena *a, struct request *r, struct input_error *err);
/* The request for one of its methods: a shallow copy with .method set. */
struct request request_for(const struct request *r, enum method m);

/* The address of a server as an ask holds it: "192.0.2.53:53", "[2001:db8::53]:53". text may lack the port, and for
 * IPv6 without one the brackets. NULL where it is no address, or the arena is full. */
const char *address_text(struct arena *a, const char *text, unsigned default_port);

#endif
