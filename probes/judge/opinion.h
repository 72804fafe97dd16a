/* opinion.h - the verdict of one view: that of the resolvers, of one server of the zone, or of a perspective. Pure.
 * Opinions live in the arena of the judgement. Header of opinion.c, perspectives.c and servers.c. */
#ifndef DCV_OPINION_H
#define DCV_OPINION_H

#include "causes/finding.h"
#include "methods/methods.h"

/* The verdict of one view, apart from the report and from other views. */
struct opinion {
    struct judgement j;
    struct report report;
    struct view view;
    struct lookup *at; /* the lookup of each checked name */
    bool whole;        /* no name pending or failed */
};

/* The lookups of the checked names as a view gives them; *whole as in struct opinion. 0 or -ENOMEM. */
int opinion_names(struct judgement *j, const struct view *view, const struct checked *names, size_t n,
                  struct lookup **ret, bool *whole);
/* Forms the verdict of a view without changing the report. 0 or a negative errno. */
int opinion_form(struct judgement *j, struct opinion *o, struct view view);
/* Makes the opinion's verdict that of the report. */
void opinion_take(struct judgement *j, struct opinion *o);

/* ---- the views other than the resolvers'; 0 or a negative errno */
/* Depth full: reads the zones that the evidence shows into j->servers. Depth quick: does nothing. */
int judge_read_zones(struct judgement *j);
/* Depth full: the verdict by the zones' own servers. Where they answer, their answers decide, not the resolvers'. */
int judge_by_servers(struct judgement *j);
/* The verdict by resolvers at other places of the network, which have to corroborate (BR 3.2.2.9). */
int judge_by_perspectives(struct judgement *j);

#endif
