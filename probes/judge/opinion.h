/* opinion.h - the verdict of one view: of the resolvers, of one server of the zone, of a perspective. Pure.
 * Header of opinion.c, perspectives.c and servers.c. */
#ifndef DCV_OPINION_H
#define DCV_OPINION_H

#include "judge/finding.h"
#include "methods/methods.h"

/* The verdict of one view, beside the others. */
struct opinion {
    struct judgement j;
    struct report report;
    struct view view;
    struct lookup *at; /* of each checked name */
    bool whole;        /* no name pending or failed */
};

/* The checked names as a view has them; *whole as in an opinion. 0 or -ENOMEM. */
int opinion_names(struct judgement *j, const struct view *view, const struct checked *names, size_t n, struct lookup **ret,
                  bool *whole);
/* The verdict of a view, whatever it is. 0 or a negative errno. */
int opinion_form(struct judgement *j, struct opinion *o, struct view view);
/* Makes it the report's. */
void opinion_take(struct judgement *j, struct opinion *o);

/* ---- who has opinions beside the resolvers; 0 or a negative errno */
/* Depth full: the zones that the walk has found, into j->servers; nothing at depth quick. */
int judge_read_zones(struct judgement *j);
/* Depth full: the zones' own servers. Where they answer their word decides. */
int judge_by_servers(struct judgement *j);
/* Resolvers at other places, which have to corroborate (BR 3.2.2.9). */
int judge_by_perspectives(struct judgement *j);

#endif
