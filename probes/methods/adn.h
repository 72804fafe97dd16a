/* adn.h - the authorization domain name of a request, and whether it counts for the domain that was ordered. Pure.
 *
 * Control of a domain may be shown at the domain, at a name above it down to the registrable domain, or at a name to
 * which the domain's own CNAME record leads, or above that (BR 1.6.1 "Authorization Domain Name", 3.2.2.4). The first
 * two follow from the request alone; the last one only from an answer. A wildcard name has no such step once the
 * profile's own_cname_only holds, and request.c refuses it. */
#ifndef DCV_ADN_H
#define DCV_ADN_H

#include "evidence/view.h"
#include "methods/methods.h"

enum adn_state {
    ADN_OWN,     /* the domain itself or a name above it */
    ADN_LED_TO,  /* the domain's CNAME leads to it */
    ADN_ABOVE,   /* the domain's CNAME leads to a name below it */
    ADN_NOT_LED, /* it does not, or there is no CNAME */
    ADN_OPEN,    /* not all that is needed is answered */
    ADN_FAILS,   /* a lookup that could tell fails */
};

struct adn_view {
    enum adn_state state;
    struct lookup at[2]; /* of the domain; meant for any state but ADN_OWN */
    struct texts leads;  /* the names that its CNAME leads to, in order and absolute */
};

/* Takes the name that was given to check at, with the members of the request that follow from it. 0, -ENOMEM, or
 * -EINVAL with what was expected instead in *expected (NULL: the arena is full). */
int adn_choose(struct arena *a, struct request *r, const char *typed, const char **expected);
/* Makes adn the name to check at, with the members that follow from it. adn is a name without final dot that lives as
 * long as the request, or NULL. */
void adn_set(struct request *r, const char *adn);
/* Adds the lookups by which a name counts that is not above the domain. 0 or -ENOMEM. */
int adn_names(struct arena *a, const struct request *r, struct checked_list *ret);
/* Reads whether the request's name counts. 0 or -ENOMEM. */
int adn_read(struct arena *a, const struct request *r, const struct evidence *ev, const struct view *view,
             struct adn_view *ret);
/* The method's verdict (methods.h), where the name counts; else the report is undecided and says why. */
void adn_verdict(struct judgement *j);

#endif
