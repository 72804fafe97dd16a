#include "causes/fix_exempt.h"

#include "ca/profile.h"
#include "causes/fix.h"
#include "evidence/interstitial.h"

#include <string.h>
#include <strings.h>

/* The first answer that redirects: what is exempt there is not sent on. NULL: none does. */
static const struct http_fact *redirecting(const struct judgement *j)
{
    const struct fetch *f = j->file.best ? &j->file.best->fetch : NULL;
    for (size_t i = 0; f && i < f->n; i++) {
        const struct http_fact *h = &f->facts[i]->http;
        if (h->outcome == HTTP_RESPONSE && h->status >= 300 && h->status < 400)
            return h;
    }
    return NULL;
}

/* A path in a regular expression without its first slash: a dot stands for itself. */
static const char *as_pattern(struct arena *a, const char *path)
{
    path += *path == '/';
    char *ret = arena_alloc(a, 2 * strlen(path) + 1), *p = ret;
    for (; ret && *path; path++) {
        if (*path == '.')
            *p++ = '\\';
        *p++ = *path;
    }
    if (ret)
        *p = '\0';
    return ret ? ret : "";
}

static const char *for_nginx(struct arena *a, const char *dir)
{
    return arena_printf(a,
                        "nginx, in each server block that redirects: location ^~ %s { root /var/www/html; } and the "
                        "return or rewrite that redirects within location / { … }, because one outside of every "
                        "location comes first.",
                        dir);
}

static const char *for_apache(struct arena *a, const char *dir)
{
    return arena_printf(a,
                        "Apache, before all other rules: RewriteRule ^/?%s - [END] and in place of a Redirect line "
                        "RedirectMatch permanent ^/(?!%s)(.*)$ https://HOST/$1 where HOST is that of the line.",
                        as_pattern(a, dir), as_pattern(a, dir));
}

static const char *for_iis(struct arena *a, const char *dir)
{
    return arena_printf(a,
                        "IIS, as the first rule of system.webServer/rewrite/rules in web.config: <rule "
                        "name=\"validation\" stopProcessing=\"true\"><match url=\"^%s\" /><action type=\"None\" />"
                        "</rule>; and a mimeMap for files whose extension IIS does not know.",
                        as_pattern(a, dir));
}

static const char *for_edge(struct arena *a, const char *edge, const char *dir)
{
    if (!strcmp(edge, "Cloudflare"))
        return arena_printf(a,
                            "Cloudflare redirects before the site is asked: switch Always Use HTTPS off, and redirect "
                            "by a rule with the condition not starts_with(http.request.uri.path, \"%s\"); page rules "
                            "that forward must not match the path.",
                            dir);
    if (!strcmp(edge, "CloudFront"))
        return arena_printf(a,
                            "CloudFront: a cache behavior for %s* with the viewer protocol policy HTTP and HTTPS, and "
                            "without the function that redirects.",
                            dir);
    if (!strcmp(edge, "Netlify"))
        return arena_printf(a, "Netlify: in _redirects, above all others, %s* %s:splat 200", dir, dir);
    if (!strcmp(edge, "Vercel"))
        return arena_printf(a, "Vercel: in vercel.json, redirects whose source is /((?!%s).*)", as_pattern(a, dir));
    return arena_printf(a,
                        "%s redirects before the site is asked: leave %s out of its rules that redirect or force "
                        "HTTPS.",
                        edge, dir);
}

void fix_exempt_file(struct judgement *j, struct finding *f)
{
    static const struct {
        const char *begins; /* the Server field */
        const char *(*text)(struct arena *a, const char *dir);
    } servers[] = {{"nginx", for_nginx},      {"openresty", for_nginx}, {"Apache", for_apache},
                   {"LiteSpeed", for_apache}, {"Microsoft-IIS", for_iis}};
    struct arena *a = j->a;
    const char *dir = j->r->profile->file_dir;
    const struct http_fact *by = redirecting(j);
    const char *edge = by ? edge_of(by) : NULL, *server = by ? http_header_find(by, "server") : NULL;
    fix_advice(j, f, arena_printf(a, "Exempt %s from redirects, and serve the file there directly.", dir));
    if (edge) {
        fix_advice(j, f, for_edge(a, edge, dir));
        fix_advice(j, f, "Where the web server behind that redirects as well, exempt the path there, too.");
        return;
    }
    for (size_t i = 0; server && i < sizeof servers / sizeof *servers; i++)
        if (!strncasecmp(server, servers[i].begins, strlen(servers[i].begins))) {
            fix_advice(j, f, servers[i].text(a, dir));
            return;
        }
    /* Which server it is its answer does not tell. */
    fix_advice(j, f, for_nginx(a, dir));
    fix_advice(j, f, for_apache(a, dir));
    fix_advice(j, f, for_iis(a, dir));
}
