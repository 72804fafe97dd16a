#include "observe/recursive_files.h"

#include "wire/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MOST = 1 << 20 };

/* One record of a zone file: "OWNER [TTL] [CLASS] TYPE RDATA", all in one line. */
struct file_line {
    const char *owner;
    struct rr rr;
};

/* The next word of *at, in the arena; NULL at the end. */
static const char *next_word(struct arena *a, const char **at)
{
    *at += strspn(*at, " \t\r");
    size_t n = strcspn(*at, " \t\r");
    const char *word = n ? arena_strndup(a, *at, n) : NULL;
    *at += n;
    return word;
}

/* 1: a record; 0: the line is empty; -EINVAL: it is not a record; or -ENOMEM. */
static int read_line(struct arena *a, const char *text, size_t len, struct file_line *ret)
{
    const char *comment = memchr(text, ';', len);
    const char *at = arena_strndup(a, text, comment ? (size_t)(comment - text) : len), *word;

    if (!at)
        return -ENOMEM;
    *ret = (struct file_line){.owner = next_word(a, &at)};
    if (!ret->owner)
        return arena_full(a) ? -ENOMEM : 0;
    while ((word = next_word(a, &at))) {
        if (!strcasecmp(word, "IN") || !word[strspn(word, "0123456789")])
            continue;
        if (!rr_type_parse(word, &ret->rr.type))
            return -EINVAL;
        int r = rr_rdata_from_text(a, at + strspn(at, " \t"), &ret->rr);
        return r ? r : ret->rr.defect ? -EINVAL : 1;
    }
    return arena_full(a) ? -ENOMEM : -EINVAL;
}

/* Reads the next record of the text at *at; *number is the line. Returns as read_line(), 0 at the end. */
static int next_record(struct arena *a, const char **at, unsigned *number, struct file_line *ret)
{
    while (**at) {
        const char *line = *at;
        size_t len = strcspn(line, "\n");
        *at += len + (line[len] == '\n');
        ++*number;
        int r = read_line(a, line, len, ret);
        if (r)
            return r;
    }
    return 0;
}

static int bad_line(struct arena *a, unsigned number, const char *expected, const char **why)
{
    *why = arena_printf(a, "line %u cannot be read; expected %s", number, expected);
    return *why ? -EINVAL : -ENOMEM;
}

int recursive_anchors(struct arena *a, const char *text, struct texts *ret, const char **why)
{
    struct file_line line;
    unsigned number = 0;
    int r;

    while ((r = next_record(a, &text, &number, &line)) > 0) {
        char type[16];
        /* With an anchor below the root, everything outside of it would be insecure. */
        if ((line.rr.type != RR_DS && line.rr.type != RR_DNSKEY) || strcmp(line.owner, ".") != 0)
            break;
        const char *rdata = rr_rdata_text(a, &line.rr);
        const char *anchor =
            rdata ? arena_printf(a, ". IN %s %s", rr_type_name(line.rr.type, type), rdata) : NULL;
        if (!anchor || !texts_add(a, ret, anchor))
            return -ENOMEM;
    }
    if (r == -ENOMEM)
        return r;
    if (r)
        return bad_line(a, number,
                        "a DS or DNSKEY record of the root in one line, as . IN DS 20326 8 2 E06D…", why);
    *why = "it holds no DS or DNSKEY record of the root";
    return ret->n ? 0 : -EINVAL;
}

int recursive_hints(struct arena *a, const char *text, const char **why)
{
    struct file_line line;
    unsigned number = 0, servers = 0, addresses = 0;
    int r;

    while ((r = next_record(a, &text, &number, &line)) > 0) {
        servers += line.rr.type == RR_NS && !strcmp(line.owner, ".");
        addresses += line.rr.type == RR_A || line.rr.type == RR_AAAA;
    }
    if (r == -EINVAL)
        return bad_line(a, number, "a record in one line, as . 3600000 NS a.root-servers.net.", why);
    *why = "it holds no NS record of the root with an address to it";
    return r ? r : servers && addresses ? 0 : -EINVAL;
}

static int slurp(struct arena *a, const char *path, const char **ret, const char **why)
{
    FILE *f = fopen(path, "re");
    char *text = arena_alloc(a, FILE_MOST + 1);
    int r = f ? 0 : -errno;

    if (f && text) {
        size_t n = fread(text, 1, FILE_MOST, f);
        text[n] = '\0';
        if (ferror(f))
            r = -errno;
    }
    if (f)
        fclose(f);
    *ret = text;
    *why = strerror(-r);
    return text ? r : -ENOMEM;
}

static int blame(struct arena *a, struct recursive_fault *fault, const char *file, const char *why,
                 bool hints)
{
    *fault = (struct recursive_fault){arena_strdup(a, file), arena_strdup(a, why), hints};
    return fault->file && fault->why ? 0 : -ENOMEM;
}

int recursive_files(struct arena *a, const char *trust_anchor, const char *root_hints, struct texts *anchors,
                    struct recursive_fault *fault)
{
    const char *file = trust_anchor, *text, *why;
    struct arena *scratch = arena_new(0); /* for the two texts, of which little is kept */
    bool hints = false;
    int r = scratch ? slurp(scratch, file, &text, &why) : -ENOMEM;

    if (r == 0)
        r = recursive_anchors(a, text, anchors, &why);
    if (r == 0 && root_hints) {
        hints = true;
        file = root_hints;
        r = slurp(scratch, file, &text, &why);
        if (r == 0)
            r = recursive_hints(scratch, text, &why);
    }
    if (r && r != -ENOMEM && blame(a, fault, file, why, hints))
        r = -ENOMEM;
    arena_free(scratch);
    return r;
}
