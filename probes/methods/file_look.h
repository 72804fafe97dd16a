/* file_look.h - looks for the file of http-token and http-token-dynamic: over http and https and, at depth full, at
 * every address of the domain and at other places where it may be by mistake. Pure.
 *
 * Plan and judge call the same functions, as with fetch_walk(): they go as far as the facts lead, and put the questions
 * that are missing through the asker given. A file_view is made anew each time; what it points to lives in the arena
 * given. Where the file is found it is fetched again under each other user agent of the CA's. Where it is not, at most
 * 24 more fetches are made beside those from each address and under each user agent: 11 near paths, 6 on other hosts,
 * 4 as a browser, 2 that tell a file from a page that is shown under every name, 1 for the rest of the body. The HTTP
 * observer bounds how many run at a time at one server (http.h). */
#ifndef DCV_FILE_LOOK_H
#define DCV_FILE_LOOK_H

#include "ca/token.h"
#include "ca/token_find.h"
#include "evidence/fetch.h"

/* FILE_SIDES: index 0 is http, 1 is https. FILE_ADDRESSES6: at most so many AAAA records. */
enum { FILE_SIDES = 2, FILE_ADDRESSES6 = 4 };

/* The file over one scheme. */
struct file_side {
    struct fetch fetch;
    bool wide; /* the body has NUL bytes, is UTF-16, or is in an encoding that the CA does not undo */
    struct token_found token;
    enum token_class token_class;
};

/* What one address of the domain serves. */
struct file_address {
    const char *ip;
    struct file_side side[FILE_SIDES];
};

/* A fetch that the CA does not make, and that gave the right file. */
struct file_clue {
    const struct fact *fact;    /* NULL: there is none */
    const char *what;           /* where the file is, a clause in words */
    const struct fact *control; /* a name beside it that does not exist, and gave something else */
};

/* Fetches of one URL that differ in the user agent alone, or in user agent and headers. */
struct file_agent {
    const struct fact *given;   /* the right file */
    const struct fact *refused; /* something else, as another of the CA's user agents, or as the CA and not as a
                                 * browser; NULL: there is no such difference */
};

struct file_view {
    struct file_side side[FILE_SIDES]; /* as the CA fetches them; https stays pending where http decides */
    const struct file_side *best;      /* the one that decides; the verdict function sets it and .read */
    bool read;

    /* depth full */
    struct file_address *address; /* by A record, in the answer's order */
    size_t n_address;
    struct file_address *address6; /* by AAAA record; asked for where the file is at none of .address */
    size_t n_address6;
    struct file_clue near;    /* at another path of the same host */
    struct file_clue host;    /* at the same path of another host */
    struct file_clue browser; /* at a URL that the CA fetches, for a browser's user agent */
    const struct fact *first; /* with .browser: what the CA's user agent got there */
    struct file_agent agent;
    const struct fact *whole; /* the file read beyond what the CA reads, where that cut it */
    bool whole_holds;         /* .whole holds the value */
};

/* Fills *ret. view: whose answers give the addresses; NULL: the resolvers'. 0, -ENOMEM, or the error of token_find().
 * Request tokens computed on the way are added to *tokens (may be NULL). */
int file_look(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev,
              const struct view *view, struct file_view *ret, struct texts *tokens);

/* Asks for the file over both schemes from one more address of the domain, such as one that only some of its name
 * servers give. 0 or -ENOMEM. */
int file_address_want(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev,
                      const struct view *view, const char *ip);

/* The file over one scheme (side: index as in FILE_SIDES), as the CA fetches it. 0 or as file_look(). */
int file_side_look(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev,
                   size_t side, struct file_side *ret);

/* A sparing request fetches nothing over https where the first answer over http is the file: one scheme suffices. */
bool file_http_decides(const struct request *r, const struct file_side *http);

/* The first encoding in Content-Encoding that the CA does not undo; NULL where there is none. */
const char *file_unknown_coding(struct arena *a, const struct profile *p, const struct fact *fact);

/* The value is in the file. */
bool file_side_holds(const struct file_side *s);
bool file_address_holds(const struct file_address *f);
/* The file has not been seen at the address, and a fetch from it is not answered yet. */
bool file_address_open(const struct file_address *f);
/* An HTTP response came from the address. */
bool file_address_answers(const struct file_address *f);

/* http-token-dynamic: the file's name holds the token, which is not allowed, so nothing is fetched. */
bool file_token_in_name(const struct request *r);

#endif
