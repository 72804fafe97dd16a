/* Runs fuzz_check.c's properties over damaged answers that are put together at random, from a seed: each input is a
 * request for all methods and some lines that say what a name answers. What a fuzzer finds by chance after minutes, an
 * alias into nothing beside a server that refuses, comes up here within the first hundred inputs. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES_MOST = 8, INPUT_MOST = 4096 };

#define TOKEN "x7k2m9p4q8w3e6r1t5y0u2i4o6a8s0d3"
static const char *const requests[] = {
    "domain=shop.example.com token=" TOKEN " allow-target=validate.host.net filename=f.txt "
    "account-uri=https://ca.example/1",
    "domain=*.example.com token=" TOKEN " allow-target=validate.host.net account-uri=https://ca.example/1",
    "domain=a.b.shop.example.com token=" TOKEN " filename=f.txt depth=quick",
    "domain=example.com token=" TOKEN " filename=f.txt perspective=eu=192.0.2.9:53",
};
static const char *const names[] = {"shop.example.com.",      "_dnsauth.shop.example.com.", "example.com.",
                                    "_dnsauth.example.com.",  "other.example.com.",         "ns1.example.com.",
                                    "a.b.shop.example.com.",  "www.shop.example.com.",      "x.host.net.",
                                    "_dnsauth.other.example.com.", "com.", "."};
static const char *const types[] = {"*", "*", "TXT", "A", "AAAA", "CAA", "CNAME", "NS", "SOA", "DS", "DNSKEY"};
/* @ stands for one of the names. */
static const char *const answers[] = {
    "timeout", "servfail", "refused", "unreachable", "malformed", "nxdomain", "other",
    "% CNAME @", "% CNAME @; @ CNAME @", "% CNAME @; @ TXT \"" TOKEN "\"", "% CNAME a.%",
    "@ DNAME @", "@ DNAME x.@; % CNAME @", "example.com. DNAME x.example.com.",
    "% TXT \"" TOKEN "\"", "% TXT \"x7k2m9p4q8w3e6r1t5y0u2i4o6a8s0d4\"", "% TXT \"v=spf1 -all\"",
    "% TXT \"ca.example; accounturi=https://ca.example/1\"", "-;% TXT \"" TOKEN "\"", "tc;% TXT \"" TOKEN "\"", "tc",
    "% A 45.54.66.7", "% A 10.0.0.1", "% A 45.54.66.7; % A 45.54.66.8", "% AAAA 2a00::1", "-;% A 45.54.66.7",
    "% CAA 0 issue \"other.example\"", "% CAA 0 issue \";\"", "% CAA 128 tbs \"x\"", "% CAA 0 issue \"digicert.com\"",
    "-;!@ NS ns1.host.net.", "!@ NS ns2.example.com.;+ns2.example.com. A 45.54.66.9", "% NS ns1.host.net.",
    "% NS ns1.@; % NS ns2.host.net.", "!@ SOA ns1.host.net. root.host.net. 7 7200 900 604800 300", "",
    "% SOA ns1.host.net. root.host.net. 9 7200 900 604800 300", "% DS 1 13 2 00", "% DNSKEY 257 3 13 AAAA"};
static const char *const paths[] = {"*", "/.well-known/pki-validation/fileauth.txt",
                                    "/.well-known/pki-validation/f.txt", "/"};
static const char *const pages[] = {"200 $", "200 <html>", "404 no", "403 no", "500 no", "429 no", "200 ", "301 ",
                                    ">https://shop.example.com/", ">http://www.shop.example.com/x", ">http://10.0.0.1/",
                                    ">/loop", "reset", "tls", "timeout", "refused", "unreachable", "not-http",
                                    "forbidden-address"};
#define PICK(list) (list)[next() % (sizeof(list) / sizeof *(list))]

static uint64_t state;

static size_t next(void) /* xorshift64* */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (size_t)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 33);
}

static void put(char *text, const char *more)
{
    for (; *more; more++) {
        char one[2] = {*more, 0};
        const char *piece = *more == '@' ? PICK(names) : one;
        if (strlen(text) + strlen(piece) < INPUT_MOST)
            strcat(text, piece);
    }
}

static void run(void)
{
    char text[INPUT_MOST] = "";
    put(text, PICK(requests));
    for (size_t i = next() % LINES_MOST + 1; i; i--) {
        put(text, "\n");
        if (next() % 4 == 0) {
            put(text, "~");
            put(text, PICK(answers));
            continue;
        }
        bool web = next() % 4 == 0;
        const char *name = next() % 4 ? PICK(names) : "*";
        char host[64] = "";
        strncat(host, name, sizeof host - 1);
        if (web && strlen(host) > 1)
            host[strlen(host) - 1] = 0;
        put(text, host);
        put(text, " ");
        put(text, web ? PICK(paths) : PICK(types));
        put(text, " ");
        put(text, web ? PICK(pages) : PICK(answers));
    }
    if (getenv("SHOW"))
        fprintf(stderr, "\n%s\n", text);
    LLVMFuzzerTestOneInput((const uint8_t *)text, strlen(text));
}

int main(int argc, char **argv)
{
    unsigned long from = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    for (unsigned long seed = from; seed < from + n; seed++) {
        /* An abort() ends the program: this line then tells the seed. */
        printf("\r%lu", seed);
        fflush(stdout);
        state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
        run();
    }
    printf("\r%lu inputs\n", n);
    return n ? 0 : 2;
}
