/* causes_website.c - causes in the web site: the file exists, but at another place, or the CA is not given
 * it. */
#include "ca/profile.h"
#include "causes/causes.h"
#include "causes/fix.h"
#include "evidence/interstitial.h"

#include <string.h>

static const struct file_view *failing(const struct judgement *j)
{
    return judged_failing(j) && j->file.read ? &j->file : NULL;
}

static const char *joined(struct judgement *j, const char *list, const char *one)
{
    return list ? arena_printf(j->a, "%s, %s", list, one) : one;
}

/* The response that shows what an address serves, or what it lacks. */
static const struct fact *shown(const struct file_address *f)
{
    return f->side[file_side_holds(&f->side[1]) && !file_side_holds(&f->side[0])].fetch.fact;
}

void cause_file_addresses_differ(struct judgement *j)
{
    const struct file_view *v = failing(j);
    const struct file_address *with = NULL, *without = NULL;
    const char *have = NULL, *lack = NULL;
    for (size_t i = 0; v && i < v->n_address + v->n_address6; i++) {
        bool v6 = i >= v->n_address;
        const struct file_address *f = v6 ? &v->address6[i - v->n_address] : &v->address[i];
        if (file_address_holds(f)) {
            with = with ? with : f;
            have = joined(j, have, f->ip);
        } else if (!v6 && file_address_answers(f)) {
            without = without ? without : f;
            lack = joined(j, lack, f->ip);
        }
    }
    if (!with || !without)
        return;
    struct finding *f = finding_add(j, CAUSE_file_addresses_differ);
    finding_set(j, f, "url", fetch_url(j->a, j->r, "http"));
    finding_set(j, f, "with", have);
    finding_set(j, f, "without", lack);
    finding_fact(j, f, shown(with));
    finding_fact(j, f, shown(without));
    fix_advice(
        j, f,
        arena_printf(j->a,
                     "Publish the file on every web server of the name: it is missing at %s. If a server "
                     "should no longer serve the name, take its address out of the DNS.",
                     lack));
}

/* "DigiCert DCV Bot" of "DigiCert DCV Bot/1.1": filters compare with a part of the user agent, and versions change. */
static const char *agent_name(struct judgement *j, const char *agent)
{
    const char *version = strchr(agent, '/');
    size_t n = version ? (size_t)(version - agent) : strlen(agent);
    while (n && agent[n - 1] == ' ')
        n--;
    return n ? arena_strndup(j->a, agent, n) : agent;
}

static void let_agents_in(struct judgement *j, struct finding *f)
{
    const struct user_agents *u = &j->r->profile->agents;
    const char *list = NULL;
    for (size_t i = 0, n = user_agents_at(u, j->r->now); i < n; i++)
        list = arena_printf(j->a, "%s%s“%s”", list ? list : "", !i ? "" : i + 1 == n ? " and " : ", ",
                            agent_name(j, u->v[i].text));
    fix_advice(j, f,
               arena_printf(j->a, "Let the user agent%s %s pass the bot filter or firewall for everything below %s.",
                            user_agents_at(u, j->r->now) > 1 ? "s" : "", list, j->r->profile->file_dir));
}

/* What was got instead of the file, in words. */
static const char *got(struct judgement *j, const struct fact *fact)
{
    return fact->http.outcome == HTTP_TIMEOUT    ? "no answer"
           : fact->http.outcome != HTTP_RESPONSE ? "a connection that is cut"
           : statuses_have(&j->r->profile->content, fact->http.status)
               ? "another page"
               : arena_printf(j->a, "status %d", fact->http.status);
}

void cause_file_bot_challenge(struct judgement *j)
{
    const struct file_view *v = failing(j);
    struct interstitial page;
    const struct fact *ca = !v ? NULL : v->browser.fact ? v->first : v->best->fetch.fact;
    if (!ca || ca->ask->kind != ASK_HTTP)
        return;
    bool known = interstitial_find(j->a, &ca->http, &page);
    if (!known && !v->browser.fact)
        return;
    struct finding *f = finding_add(j, CAUSE_file_bot_challenge);
    finding_set(j, f, "url", ca->ask->url);
    finding_set(j, f, "what",
                !known ? arena_printf(j->a, "it gets %s, and a browser gets the file", got(j, ca))
                       : arena_printf(j->a, "the answer with status %d is not the site's but that of %s (%s)%s",
                                      ca->http.status, page.whose, page.sign,
                                      v->browser.fact ? ", and a browser gets the file" : ""));
    finding_fact(j, f, ca);
    finding_fact(j, f, v->browser.fact);
    let_agents_in(j, f);
}

void cause_file_agent_refused(struct judgement *j)
{
    const struct file_agent *v = &j->file.agent;
    if (!j->file.read || !v->refused || !v->given)
        return;
    struct finding *f = finding_add(j, CAUSE_file_agent_refused);
    const char *refused = v->refused->ask->agent ? v->refused->ask->agent : j->r->profile->agents.v[0].text;
    const char *given = v->given->ask->agent ? v->given->ask->agent : j->r->profile->agents.v[0].text;
    finding_set(j, f, "url", v->refused->ask->url);
    finding_set(j, f, "given",
                v->given->ask->browser ? "a browser" : arena_printf(j->a, "the CA's user agent “%s”", given));
    finding_set(j, f, "refused",
                arena_printf(j->a,
                             v->given->ask->browser ? "the CA's fetcher with its user agent “%s” and its headers"
                                                    : "its user agent “%s”",
                             refused));
    finding_set(j, f, "what", arena_printf(j->a, "it gets %s", got(j, v->refused)));
    finding_fact(j, f, v->given);
    finding_fact(j, f, v->refused);
    let_agents_in(j, f);
}

/* Adds a finding: the right file is at another URL, and must be published at the right one. */
static struct finding *misplaced(struct judgement *j, enum cause c, const struct file_clue *clue)
{
    const char *right = fetch_url(j->a, j->r, "http");
    struct finding *f = finding_add(j, c);
    finding_set(j, f, "url", right);
    finding_set(j, f, "found", clue->fact->ask->url);
    finding_set(j, f, "what", clue->what);
    finding_fact(j, f, j->file.best->fetch.fact);
    finding_fact(j, f, clue->fact);
    finding_fact(j, f, clue->control);
    int status = j->file.best->fetch.fact ? j->file.best->fetch.fact->http.status : 0;
    if (status >= 300 && status < 400) /* a host that only forwards serves no file: its redirect is what is wrong */
        fix_advice(j, f,
                   arena_printf(j->a, "Make the redirect from %s one that the CA follows, to %s.", right,
                                clue->fact->ask->url));
    else
        fix_publish_file(j, f);
    return f;
}

void cause_file_wrong_path(struct judgement *j)
{
    const struct file_view *v = failing(j);
    if (!v || !v->near.fact || v->browser.fact)
        return;
    struct finding *f = misplaced(j, CAUSE_file_wrong_path, &v->near);
    finding_or(j, f);
    fix_advice(j, f,
               arena_printf(j->a, "Move the file that is at %s to %s; letter case and dots count.",
                            v->near.fact->ask->url, fetch_url(j->a, j->r, "http")));
}

void cause_file_on_other_host(struct judgement *j)
{
    const struct file_view *v = failing(j);
    if (!v || !v->host.fact || v->near.fact || v->browser.fact)
        return;
    misplaced(j, CAUSE_file_on_other_host, &v->host);
}
