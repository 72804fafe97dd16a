/* file_look.h - the file methods: the file over both schemes and, at depth full, from every address and where
 * else it may be. Pure.
 *
 * file_look() serves plan and judge alike, as fetch_walk() does: it goes as far as the facts lead, and
 * puts the questions that it lacks through the asker it was given. Beside the fetches of each address it
 * makes at most 24: 11 near paths, 6 on other hosts, 4 as a browser, 2 that tell a file from a page that is
 * everywhere, 1 of the body's rest. How many of them are under way at one server is the observer's to bound
 * (http.h). */
#ifndef DCV_FILE_LOOK_H
#define DCV_FILE_LOOK_H

#include "ca/token.h"
#include "evidence/fetch.h"

/* http, then https. */
enum { FILE_SIDES = 2, FILE_ADDRESSES = 16, FILE_ADDRESSES6 = 4 };

struct file_side {
    struct fetch fetch;
    bool wide; /* NUL bytes or UTF-16 */
    struct token_found token;
    enum token_class token_class;
};

/* What one address of the domain serves. */
struct file_address {
    const char *ip;
    struct file_side side[FILE_SIDES];
};

/* A fetch that is none of the CA's own, and gave the right file. */
struct file_clue {
    const struct fact *fact;    /* NULL: nowhere */
    const char *what;           /* where it is, in words, as a clause */
    const struct fact *control; /* an invented name beside it, which does not hold the value */
};

struct file_view {
    struct file_side side[FILE_SIDES]; /* as the CA fetches them; https is left pending where http decides */
    const struct file_side *best;      /* the one that decides; verdict_file() sets it, and .read */
    bool read;

    /* depth full */
    struct file_address *address; /* A records, in the answer's order; FILE_ADDRESSES at most */
    size_t n_address;
    struct file_address *address6; /* AAAA records; asked for where the file is at none of .address */
    size_t n_address6;
    struct file_clue near;    /* at another path of the same host */
    struct file_clue host;    /* at the same path of another host */
    struct file_clue browser; /* at the very URL, for a browser's user agent */
    const struct fact *first; /* .browser: what the CA's user agent got there */
    const struct fact *whole; /* the body beyond what the CA reads, where it was cut */
    bool whole_holds;         /* the value stands in it */
};

/* 0, -ENOMEM, or what token_find() gives. Tokens that were computed are added to *tokens (may be NULL). */
int file_look(struct arena *a, const struct asker *asker, const struct request *r,
                 const struct evidence *ev, struct file_view *ret, struct texts *tokens);

/* One of the two alone, as the CA fetches it. */
int file_side_look(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev,
                   size_t side, struct file_side *ret);

/* Sparing, either scheme suffices: where the first answer over http is the file, nothing is asked over https. */
bool file_http_decides(const struct request *r, const struct file_side *http);

/* The value is in the file. */
bool file_side_holds(const struct file_side *s);
bool file_address_holds(const struct file_address *f);
/* A question about the address still waits for its answer, and it is the one that would tell. */
bool file_address_open(const struct file_address *f);
/* An HTTP response came from the address. */
bool file_address_answers(const struct file_address *f);

/* The file's name holds the token: nothing may be fetched. */
bool file_token_in_name(const struct request *r);

#endif
