#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- building answers ------------------- */

struct message {
    uint8_t p[2048], query[WIRE_QUERY_MOST];
    size_t n, query_len;
};

static void add(struct message *m, const void *p, size_t n)
{
    assert_true(m->n + n <= sizeof m->p);
    memcpy(m->p + m->n, p, n);
    m->n += n;
}
#define ADD(m, literal) add(m, literal, sizeof(literal) - 1)

static void add16(struct message *m, unsigned v)
{
    add(m, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

static void set16(struct message *m, size_t at, unsigned v)
{
    m->p[at] = (uint8_t)(v >> 8);
    m->p[at + 1] = (uint8_t)v;
}

/* Begins an answer to "shop.example.com. type" with its counts; records follow. The question is bytes 12 to 33. */
enum { QUESTION_END = 34, AT_RDATA = 12 /* from the start of a record whose owner is a pointer */ };
static void begin(struct message *m, uint16_t type, unsigned flags, unsigned an, unsigned ns, unsigned ar)
{
    struct ask ask = {.qname = "shop.example.com.", .qtype = type};
    m->query_len = (size_t)wire_query(&ask, 4711, 0, m->query);
    m->n = 0;
    add(m, m->query, QUESTION_END);
    set16(m, 2, DNS_QR | flags);
    set16(m, 6, an);
    set16(m, 8, ns);
    set16(m, 10, ar);
}

static void record(struct message *m, unsigned type, const void *rdata, size_t n)
{
    ADD(m, "\xc0\x0c");
    add16(m, type);
    ADD(m, "\0\1\0\0\1\54");
    add16(m, (unsigned)n);
    add(m, rdata, n);
}
#define RECORD(m, type, literal) record(m, type, literal, sizeof(literal) - 1)

static struct arena *a;

static struct dns_fact read_answer(struct message *m)
{
    struct dns_fact f = {.server = "192.0.2.53:53", .tries = 2};
    uint8_t *exact = malloc(m->n); /* of the exact size, so that the sanitizer sees a read past the end */
    memcpy(exact, m->p, m->n);
    assert_int_equal(wire_answer(a, exact, m->n, m->query, m->query_len, &f), 0);
    free(exact);
    assert_int_equal(f.size, m->n);
    assert_string_equal(f.server, "192.0.2.53:53");
    assert_int_equal(f.tries, 2);
    return f;
}

static int setup(void **state)
{
    (void)state;
    a = arena_new(0);
    return a ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

/* ---------------------------------------------------------------- query ------------------------------ */

static void query_says_what_was_asked(void **state)
{
    (void)state;
    uint8_t out[WIRE_QUERY_MOST];
    struct ask ask = {.qname = "example.com.", .qtype = RR_CAA, .cd = true, .dnssec = true};
    int n = wire_query(&ask, 0x1234, 0, out);
    const char whole[] = "\x12\x34\x01\x30\0\1\0\0\0\0\0\1\7example\3com\0\1\1\0\1\0\0\x29\4\xd0\0\0\x80\0\0";
    assert_int_equal(n, sizeof whole);
    assert_memory_equal(out, whole, sizeof whole);

    ask = (struct ask){.qname = "example.com.", .qtype = RR_TXT, .via = VIA_AUTHORITATIVE, .no_edns = true};
    n = wire_query(&ask, 1, 0, out);
    const char plain[] = "\0\1\0\x20\0\1\0\0\0\0\0\0\7example\3com\0\0\x10\0\1";
    assert_int_equal(n, sizeof plain - 1);
    assert_memory_equal(out, plain, sizeof plain - 1);

    ask = (struct ask){.qname = "a1b.Com.", .qtype = RR_TXT, .mixed_case = true};
    assert_true(wire_query(&ask, 1, 0x16, out) > 0);
    assert_memory_equal(out + 12, "\3a1B\3CoM", 9);

    ask.qname = "a..b.";
    assert_int_equal(wire_query(&ask, 1, 0, out), -EINVAL);

    /* A name with the greatest length fits. */
    char name[256];
    memset(name, 'x', sizeof name);
    name[63] = name[127] = name[191] = name[253] = '.';
    name[254] = 0;
    ask = (struct ask){.qname = name, .qtype = RR_CAA};
    assert_int_equal(wire_query(&ask, 1, 0, out), 12 + 255 + 4 + 11);
    name[253] = 'x';
    assert_int_equal(wire_query(&ask, 1, 0, out), -EINVAL);
}

/* ---------------------------------------------------------------- answers ---------------------------- */

static void answer_is_read_whole(void **state)
{
    (void)state;
    struct message m;
    begin(&m, RR_TXT, DNS_AA | DNS_RD | DNS_RA | DNS_AD, 3, 1, 2);
    RECORD(&m, RR_CNAME, "\3www\xc0\x11");
    size_t www = QUESTION_END + AT_RDATA;
    add(&m,
        (uint8_t[]){0xc0, (uint8_t)www, 0, RR_TXT, 0, 1, 0, 0, 0, 60, 0, 7, 2, 'h', 'i', 3, 'y', 'o', 'u'},
        19);
    add(&m, (uint8_t[]){0xc0, (uint8_t)www, 0, RR_TXT, 0, 1, 0, 0, 0, 60, 0, 1, 0}, 13);
    ADD(&m,
        "\xc0\x11\0\6\0\1\0\0\1\0\0\x20\2ns\xc0\x11\4host\xc0\x11\0\0\0\7\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\x3c");
    RECORD(&m, RR_A, "\xc0\0\2\1");
    /* OPT: 1232 bytes, upper rcode 0, an unknown option, EDE 6 "bad!" and EDE 22 without a text. */
    ADD(&m, "\0\0\x29\4\xd0\0\0\x80\0\0\x16\0\x0a\0\2xy\0\x0f\0\6\0\6bad!\0\x0f\0\2\0\x16");
    struct dns_fact f = read_answer(&m);
    assert_int_equal(f.n_defects, 0);
    assert_int_equal(f.outcome, DNS_ANSWER);
    assert_int_equal(f.flags, DNS_QR | DNS_AA | DNS_RD | DNS_RA | DNS_AD);
    assert_int_equal(f.rcode, 0);
    assert_true(f.case_kept && f.has_edns);
    assert_int_equal(f.udp_size, 1232);
    assert_int_equal(f.n_ede, 2);
    assert_int_equal(f.ede[0].code, 6);
    assert_string_equal(f.ede[0].text, "bad!");
    assert_int_equal(f.ede[1].code, 22);
    assert_string_equal(f.ede[1].text, "");
    assert_int_equal(f.answer.n, 3);
    assert_string_equal(f.answer.v[0].owner, "shop.example.com.");
    assert_int_equal(f.answer.v[0].ttl, 300);
    assert_int_equal(f.answer.v[0].offset, QUESTION_END);
    assert_string_equal(rr_target(a, &f.answer.v[0]), "www.example.com.");
    assert_string_equal(f.answer.v[1].owner, "www.example.com.");
    assert_string_equal(rr_rdata_text(a, &f.answer.v[1]), "\"hi\" \"you\"");
    struct bytes all = txt_joined(a, &f.answer.v[1]), one;
    assert_int_equal(all.n, 5);
    assert_memory_equal(all.p, "hiyou", 5);
    size_t at = 0;
    assert_true(txt_next(&f.answer.v[2], &at, &one) && one.n == 0);
    assert_false(txt_next(&f.answer.v[2], &at, &one));
    assert_int_equal(f.authority.n, 1);
    assert_string_equal(rr_rdata_text(a, f.authority.v), "ns.example.com. host.example.com. 7 1 2 3 60");
    uint32_t serial, ttl;
    assert_true(soa_read(f.authority.v, &serial, &ttl));
    assert_int_equal(serial, 7);
    assert_int_equal(ttl, 60);
    assert_int_equal(f.additional.n, 1); /* without the OPT */
    assert_string_equal(rr_rdata_text(a, f.additional.v), "192.0.2.1");

    unsigned hops;
    bool looped;
    assert_string_equal(dns_chain_end(a, &f, "SHOP.example.com.", &hops, &looped), "www.example.com.");
    assert_true(hops == 1 && !looped);
    assert_string_equal(dns_chain_end(a, &f, "other.example.com.", &hops, &looped), "other.example.com.");
    assert_true(hops == 0 && !looped);
}

static void outcome_follows_rcode_and_records(void **state)
{
    (void)state;
    const struct {
        unsigned flags;
        bool txt, cname, a;
        enum dns_outcome outcome;
    } rows[] = {
        {0, true, false, false, DNS_ANSWER},
        {0, false, true, false, DNS_ANSWER},
        {0, false, false, true, DNS_NODATA},
        {0, false, false, false, DNS_NODATA},
        {3, false, true, false, DNS_NXDOMAIN},
        {2, false, false, false, DNS_SERVFAIL},
        {5, false, false, false, DNS_REFUSED},
        {1, false, false, false, DNS_OTHER},
        {4, false, false, false, DNS_OTHER},
        {DNS_TC, false, false, false, DNS_NODATA},
        {DNS_TC | 2, false, false, false, DNS_SERVFAIL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct message m;
        begin(&m, RR_TXT, rows[i].flags, (unsigned)(rows[i].txt + rows[i].cname + rows[i].a), 0, 0);
        if (rows[i].txt)
            RECORD(&m, RR_TXT, "\2ok");
        if (rows[i].cname)
            RECORD(&m, RR_CNAME, "\3www\xc0\x11");
        if (rows[i].a)
            RECORD(&m, RR_A, "\xc0\0\2\1");
        struct dns_fact f = read_answer(&m);
        assert_int_equal(f.n_defects, 0);
        assert_int_equal(f.outcome, rows[i].outcome);
        assert_int_equal(f.rcode, rows[i].flags & 15);
    }
    /* The upper bits of the rcode are in the OPT record: BADVERS is 16. */
    struct message m;
    begin(&m, RR_TXT, 0, 0, 0, 1);
    ADD(&m, "\0\0\x29\4\xd0\1\0\0\0\0\0");
    struct dns_fact f = read_answer(&m);
    assert_int_equal(f.rcode, 16);
    assert_int_equal(f.outcome, DNS_OTHER);
    /* A truncated message may end in the middle of a record that its header counts. */
    begin(&m, RR_TXT, DNS_TC, 2, 0, 0);
    RECORD(&m, RR_TXT, "\2ok");
    ADD(&m, "\xc0\x0c\0");
    f = read_answer(&m);
    assert_int_equal(f.n_defects, 0);
    assert_int_equal(f.answer.n, 1);
    m.n = QUESTION_END + 4;
    f = read_answer(&m);
    assert_int_equal(f.n_defects, 0);
    assert_int_equal(f.outcome, DNS_NODATA);
}

static void only_answers_to_the_question_count(void **state)
{
    (void)state;
    struct message m;
    struct dns_fact f;
#define BEGIN() (begin(&m, RR_TXT, 0, 1, 0, 0), RECORD(&m, RR_TXT, "\2ok"))
#define MALFORMED(at)                                                                                        \
    do {                                                                                                     \
        f = read_answer(&m);                                                                                 \
        assert_int_equal(f.outcome, DNS_MALFORMED);                                                          \
        assert_int_equal(f.n_defects, 1);                                                                    \
        assert_int_equal(f.defects[0].offset, at);                                                           \
        assert_int_equal(f.answer.n, 0);                                                                     \
    } while (0)
    BEGIN();
    m.p[13] ^= 0x20; /* a name in other letter case is the same name */
    f = read_answer(&m);
    assert_int_equal(f.outcome, DNS_ANSWER);
    assert_false(f.case_kept);
    BEGIN();
    m.p[1]++;
    MALFORMED(0);
    BEGIN();
    m.p[2] &= 0x7f;
    MALFORMED(2);
    BEGIN();
    m.p[2] |= 0x10; /* opcode */
    MALFORMED(2);
    BEGIN();
    m.p[13] = 'x';
    MALFORMED(12);
    assert_string_equal(f.defects[0].what,
                        "question: this answers xhop.example.com. TXT, but shop.example.com. TXT was asked");
    BEGIN();
    m.p[31] = RR_A;
    MALFORMED(12);
    BEGIN();
    m.p[5] = 2;
    MALFORMED(4);
    BEGIN();
    m.p[12] = 0xc0;
    MALFORMED(12);
    BEGIN();
    m.n = 20;
    MALFORMED(17);
    m.n = 11;
    MALFORMED(0);
    m.n = 0;
    MALFORMED(0);
    /* Without its question section an error counts, but data does not. */
    begin(&m, RR_TXT, 1, 0, 0, 0);
    m.p[5] = 0;
    m.n = 12;
    f = read_answer(&m);
    assert_int_equal(f.outcome, DNS_OTHER);
    assert_int_equal(f.n_defects, 0);
    m.p[3] = 0;
    MALFORMED(4);
    /* A saved message is read without its query. */
    BEGIN();
    assert_int_equal(wire_answer(a, m.p, m.n, NULL, 0, &f), 0);
    assert_int_equal(f.outcome, DNS_ANSWER);
}

/* ---------------------------------------------------------------- defects ---------------------------- */

struct broken {
    uint16_t type;
    const char *rdata;
    size_t n;
    unsigned at; /* offset of the wrong byte in the rdata */
    const char *why;
};
#define B(type, literal, at, why)                                                                            \
    {                                                                                                        \
        type, literal, sizeof(literal) - 1, at, why                                                          \
    }
static const struct broken broken[] = {
    B(RR_TXT,
      "\x40"
      "abc",
      0, "a text string announces 64 bytes, but 3 are left in the record"),
    B(RR_TXT, "\2ok\5abc", 3, "a text string announces 5 bytes, but 3 are left in the record"),
    B(RR_TXT, "", 0, "it holds no text string, not even an empty one"),
    B(RR_CAA,
      "\0\x09"
      "ab",
      1, "its tag announces 9 bytes, but 2 are left in the record"),
    B(RR_CAA, "\0\0", 1, "its tag is empty"),
    B(RR_CAA, "\0", 1, "its data is shorter than 2 bytes, so it has flags but no tag"),
    B(RR_CAA, "", 0, "its data ends too early: 1 more bytes are due here, 0 are left"),
    B(RR_A, "\1\2\3", 0, "its data ends too early: 4 more bytes are due here, 3 are left"),
    B(RR_A, "\1\2\3\4\5", 4, "1 bytes follow where its data should end"),
    B(RR_AAAA, "\1\2\3\4", 0, "its data ends too early: 16 more bytes are due here, 4 are left"),
    B(RR_NS, "\2ns\xc0", 3, "a name is cut short in the middle of a compression pointer"),
    B(RR_CNAME, "\5ab", 0, "a name is cut short: its label announces 5 bytes, 2 are left"),
    B(RR_CNAME, "", 0, "a name is cut short"),
    B(RR_CNAME,
      "\1a\xc0\x0c"
      "junk",
      4, "4 bytes follow where its data should end"),
    B(RR_CNAME, "\x81", 0, "a name has a label of an unknown kind (length byte 0x81)"),
    B(RR_NS, "\xc0\3", 0, "a compression pointer in a name leads into the header (to byte 3)"),
    B(RR_NS, "\xff\xff", 0, "a compression pointer in a name leads to itself or forwards (to byte 16383)"),
    B(RR_SOA, "\xc0\x0c\xc0\x0c\0\0\0\7", 8,
      "its data ends too early: 4 more bytes are due here, 0 are left"),
    B(RR_NSEC, "\0\0\2\0\0", 1, "its list of types is not in the form that RFC 4034 demands"),
};

/* For each kind of broken record: the good records before and after it are read. */
static void broken_record_leaves_its_neighbours_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        const struct broken *b = &broken[i];
        struct message m;
        char name[16], what[256];
        begin(&m, RR_TXT, 0, 3, 0, 0);
        RECORD(&m, RR_TXT, "\3one");
        size_t start = m.n;
        record(&m, b->type, b->rdata, b->n);
        RECORD(&m, RR_TXT, "\3two");
        struct dns_fact f = read_answer(&m);
        assert_int_equal(f.outcome, DNS_ANSWER);
        assert_int_equal(f.answer.n, 3);
        assert_string_equal(rr_rdata_text(a, &f.answer.v[0]), "\"one\"");
        assert_string_equal(rr_rdata_text(a, &f.answer.v[2]), "\"two\"");
        assert_null(f.answer.v[0].defect);
        assert_null(f.answer.v[2].defect);
        assert_int_equal(f.answer.v[1].offset, start);
        assert_string_equal(f.answer.v[1].defect, b->why);
        assert_int_equal(f.answer.v[1].rdlen, b->n);
        assert_memory_equal(f.answer.v[1].rdata, b->rdata, b->n);
        assert_int_equal(f.n_defects, 1);
        snprintf(what, sizeof what, "answer record 2 (%s): %s", rr_type_name(b->type, name), b->why);
        assert_string_equal(f.defects[0].what, what);
        assert_int_equal(f.defects[0].offset, start + AT_RDATA + b->at);
        /* A broken record is not interpreted; its bytes are shown, and when read again it is broken again. */
        size_t at = 0;
        struct bytes one;
        assert_false(txt_next(&f.answer.v[1], &at, &one));
        assert_null(rr_target(a, &f.answer.v[1]));
        struct rr again = {.type = b->type};
        assert_int_equal(rr_rdata_from_text(a, rr_rdata_text(a, &f.answer.v[1]), &again), 0);
        assert_int_equal(again.rdlen, b->n);
        assert_memory_equal(again.rdata, b->rdata, b->n);
        assert_non_null(again.defect);
    }
}

static void broken_owner_costs_its_record_alone(void **state)
{
    (void)state;
    struct message m;
    begin(&m, RR_TXT, 0, 2, 0, 0);
    ADD(&m, "\xc0\x22\0\x10\0\1\0\0\0\0\0\3\2ok"); /* the name points to itself */
    RECORD(&m, RR_TXT, "\3two");
    struct dns_fact f = read_answer(&m);
    assert_int_equal(f.answer.n, 2);
    assert_string_equal(f.answer.v[0].owner, ".");
    assert_string_equal(f.answer.v[0].defect,
                        "a compression pointer in a name leads to itself or forwards (to byte 34)");
    assert_int_equal(f.defects[0].offset, 34);
    assert_string_equal(rr_rdata_text(a, &f.answer.v[1]), "\"two\"");

    begin(&m, RR_TXT, 0, 1, 0, 0);
    ADD(&m, "\xc0\x0c\0\x10\0\3\0\0\0\0\0\3\2ok");
    f = read_answer(&m);
    assert_string_equal(f.answer.v[0].defect, "it is of class 3, the question is of class 1");
    assert_int_equal(f.outcome, DNS_NODATA);
}

static void what_stops_the_reader_is_named(void **state)
{
    (void)state;
    struct message m;
    struct dns_fact f;
#define READ(is, kept, at, text)                                                                             \
    do {                                                                                                     \
        f = read_answer(&m);                                                                                 \
        assert_int_equal(f.outcome, is);                                                                     \
        assert_int_equal(f.answer.n, kept);                                                                  \
        assert_int_equal(f.n_defects, 1);                                                                    \
        assert_string_equal(f.defects[0].what, text);                                                        \
        assert_int_equal(f.defects[0].offset, at);                                                           \
    } while (0)
#define STOPPED(kept, at, text) READ(DNS_MALFORMED, kept, at, text)
    begin(&m, RR_TXT, 0, 1, 0, 0);
    RECORD(&m, RR_TXT, "\2ok");
    size_t end = m.n;
    ADD(&m, "junk");
    READ(DNS_ANSWER, 1, end, "4 bytes follow the last record");
    m.n = end;
    m.p[7] = 3;
    m.p[9] = 7; /* an error that ends reading is reported once, not for each section */
    m.p[3] = 5; /* REFUSED: an error stays an error */
    READ(DNS_REFUSED, 1, end, "answer record 2: it is missing: the header announces 3, but the message ends here");
    m.p[3] = 0;
    STOPPED(1, end, "answer record 2: it is missing: the header announces 3, but the message ends here");
    ADD(&m, "\xc0\x0c\0\x10\0\1\0");
    STOPPED(1, end, "answer record 2: it is cut short by the end of the message");
    m.n = end;
    ADD(&m, "\xc0\x0c\0\x10\0\1\0\0\0\0\0\4\3ok");
    STOPPED(1, end + 10, "answer record 2: it announces 4 bytes of data, but the message ends after 3");
    m.n = end;
    ADD(&m, "\5ab");
    STOPPED(1, end, "answer record 2: a name is cut short: its label announces 5 bytes, 2 are left");
    begin(&m, RR_TXT, 0, 0xffff, 0, 0);
    STOPPED(0, QUESTION_END,
            "answer record 1: it is missing: the header announces 65535, but the message ends here");
    ADD(&m, "\xc0\x0c\0\x10\0\1\0\0\0\0\0\4\3ok");
    STOPPED(0, QUESTION_END + 10,
            "answer record 1: it announces 4 bytes of data, but the message ends after 3");
}

static void opt_is_checked(void **state)
{
    (void)state;
    const struct {
        const char *opt;
        size_t n, at;
        const char *what;
    } rows[] = {
#define O(literal, at, what) {literal, sizeof(literal) - 1, at, "additional record " what}
        O("\0\0\x29\4\xd0\0\0\0\0\0\0\0\0\x29\2\0\0\0\0\0\0\0", 11,
          "2 (OPT): a message may hold one OPT record, this is another"),
        O("\0\0\x29\4\xd0\0\0\0\0\0\6\0\x0f\0\3\0\6", 11,
          "1 (OPT): its options run over the end of the record"),
        O("\0\0\x29\4\xd0\0\0\0\0\0\3\0\x0f\0", 11, "1 (OPT): its options run over the end of the record"),
        O("\0\0\x29\4\xd0\0\0\0\0\0\5\0\x0f\0\1\0", 11,
          "1 (OPT): its extended error is too short to hold a code"),
        O("\xc0\x0c\0\x29\4\xd0\0\0\0\0\0\0", 0, "1 (OPT): its owner should be the root"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct message m;
        begin(&m, RR_TXT, 0, 0, 0, i == 0 ? 2 : 1);
        add(&m, rows[i].opt, rows[i].n);
        struct dns_fact f = read_answer(&m);
        assert_true(f.has_edns);
        assert_int_equal(f.udp_size, 1232);
        assert_int_equal(f.n_ede, 0);
        assert_int_equal(f.additional.n, 0);
        assert_int_equal(f.outcome, DNS_NODATA);
        assert_int_equal(f.n_defects, 1);
        assert_string_equal(f.defects[0].what, rows[i].what);
        assert_int_equal(f.defects[0].offset, QUESTION_END + rows[i].at);
    }
}

/* A message of broken records only takes little memory for their errors, and every record is marked. */
static void hostile_messages_stay_cheap(void **state)
{
    (void)state;
    enum { RECORDS = 5000 };
    size_t n = QUESTION_END, whole = n + RECORDS * 13u;
    struct message m;
    begin(&m, RR_A, 0, RECORDS, 0xffff, 0xffff);
    uint8_t *big = calloc(1, whole);
    memcpy(big, m.p, n);
    for (; n < whole; n += 13)
        memcpy(big + n, "\xc0\x0c\0\1\0\1\0\0\0\0\0\1x", 13);
    struct dns_fact f = {0};
    struct arena *small = arena_new(512 * 1024);
    assert_int_equal(wire_answer(small, big, whole, m.query, m.query_len, &f), 0);
    assert_int_equal(f.answer.n, RECORDS);
    for (size_t i = 0; i < RECORDS; i++)
        assert_non_null(f.answer.v[i].defect);
    assert_in_range(f.n_defects, 2, 32);
    arena_free(small);
    struct arena *tiny = arena_new(64 * 1024);
    assert_int_equal(wire_answer(tiny, big, whole, m.query, m.query_len, &f), -ENOMEM);
    arena_free(tiny);
    free(big);
}

/* A compressed signer's name can make the uncompressed rdata longer than 65535 bytes: the record is broken. */
static void rdata_that_outgrows_its_length_is_broken(void **state)
{
    (void)state;
    enum { RDATA = 23, RDLEN = UINT16_MAX - RDATA };
    uint8_t *msg = calloc(1, UINT16_MAX);
    memcpy(msg, "\0\0\x80\2\0\0\0\1\0\0\0\0\0\0\x2e\0\1\0\0\0\0\xff\xe8", RDATA);
    assert_int_equal(msg[21] << 8 | msg[22], RDLEN);
    msg[RDATA] = msg[RDATA + 64] = msg[RDATA + 128] = 63;
    msg[RDATA + 192] = 61;
    memcpy(msg + RDATA + 18, "\xc0\x17", 2);
    struct dns_fact f = {0};
    assert_int_equal(wire_answer(a, msg, UINT16_MAX, NULL, 0, &f), 0);
    assert_int_equal(f.answer.n, 1);
    assert_string_equal(f.answer.v[0].defect,
                        "its data is longer than 65535 bytes once its names are spelt out");
    assert_int_equal(f.answer.v[0].rdlen, RDLEN);
    assert_memory_equal(f.answer.v[0].rdata, msg + RDATA, RDLEN);
    free(msg);
}

/* Whichever allocation fails, the fact is not changed. */
static void full_arena_is_told(void **state)
{
    (void)state;
    struct message m;
    begin(&m, RR_TXT, 0, 3, 0, 1);
    ADD(&m, "\1x\xc0\x0c\0\5\0\1\0\0\0\0\0\2\xc0\x0c");
    RECORD(&m, RR_TXT,
           "\x40"
           "abc");
    ADD(&m, "\xc0\x22\0\x10\0\1\0\0\0\0\0\3\2ok");
    ADD(&m, "\0\0\x29\4\xd0\0\0\0\0\0\x0a\0\x0f\0\6\0\6bad!");
    unsigned full = 0, read = 0;
    for (size_t ceiling = 64; ceiling < 2048; ceiling += 16) {
        struct arena *small = arena_new(ceiling);
        struct dns_fact f = {.outcome = DNS_TIMEOUT};
        int rc = wire_answer(small, m.p, m.n, m.query, m.query_len, &f);
        assert_true(rc == 0 ? f.outcome == DNS_ANSWER && f.n_ede == 1 && f.n_defects == 1
                            : rc == -ENOMEM && f.outcome == DNS_TIMEOUT);
        read += rc == 0;
        full += rc != 0;
        arena_free(small);
    }
    assert_true(full > 5 && read > 5);
}

/* ---------------------------------------------------------------- aliases ---------------------------- */

static struct rr alias(uint16_t type, const char *owner, const char *target)
{
    struct rr rr = {.owner = owner, .type = type, .class = 1};
    assert_int_equal(rr_rdata_from_text(a, target, &rr), 0);
    return rr;
}

static void chain_ends_where_aliases_end(void **state)
{
    (void)state;
    struct rr v[] = {
        alias(RR_CNAME, "C.example.", "d.example."),     alias(RR_CNAME, "a.example.", "b.example."),
        alias(RR_CNAME, "b.example.", "c.example."),     alias(RR_CNAME, "x.example.", "y.example."),
        alias(RR_CNAME, "y.example.", "x.example."),     alias(RR_DNAME, "old.example.", "new.example."),
        alias(RR_CNAME, "r.new.example.", "a.example."), alias(RR_CNAME, "self.example.", "SELF.example."),
    };
    struct dns_fact f = {.answer = {v, sizeof v / sizeof *v}};
    const struct {
        const char *from, *to;
        unsigned hops;
    } rows[] = {
        {"a.example.", "d.example.", 3},
        {"d.example.", "d.example.", 0},
        {"q.r.old.example.", "q.r.new.example.", 1},
        {"r.OLD.example.", "d.example.", 5},
        {"old.example.", "old.example.", 0},
        {"r\\.old.example.", "r\\.old.example.", 0},
        {"r\\\\.old.example.", "r\\\\.new.example.", 1},
        {"bold.example.", "bold.example.", 0},
    };
    unsigned hops;
    bool looped;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(dns_chain_end(a, &f, rows[i].from, &hops, &looped), rows[i].to);
        assert_int_equal(hops, rows[i].hops);
        assert_false(looped);
    }
    assert_non_null(dns_chain_end(a, &f, "x.example.", &hops, &looped));
    assert_true(looped);
    f.answer.v += 7;
    f.answer.n = 1;
    assert_non_null(dns_chain_end(a, &f, "self.example.", NULL, &looped));
    assert_true(looped);
}

/* Records of twelve bytes, whose owners point into two long names in turn: 5400 of them would take five megabytes. */
static void names_take_a_bounded_part_of_memory(void **state)
{
    enum { NAMES = 2, LABELS = 120, RECORDS = 5000 };
    static uint8_t msg[65535];
    struct arena *small = arena_new(1 << 20);
    struct message m;
    struct dns_fact f = {0};
    (void)state;
    begin(&m, RR_TXT, DNS_AA, NAMES + RECORDS, 0, 0);
    memcpy(msg, m.p, m.n);
    size_t n = m.n, at[NAMES];
    for (size_t i = 0; i < NAMES; i++) {
        at[i] = n;
        for (size_t k = 0; k < LABELS; k++) {
            msg[n++] = 1;
            msg[n++] = (uint8_t)(i + 1); /* four bytes as text */
        }
        memcpy(msg + n, "\0\377\0\0\1\0\0\0\0\0\0", 11);
        n += 11;
    }
    for (size_t i = 0; i < RECORDS; i++, n += 12) {
        memcpy(msg + n, "\300\0\377\0\0\1\0\0\0\0\0\0", 12);
        msg[n] = (uint8_t)(0xc0 | at[i % NAMES] >> 8);
        msg[n + 1] = (uint8_t)at[i % NAMES];
    }
    assert_int_equal(wire_answer(small, msg, n, m.query, m.query_len, &f), 0);
    assert_false(arena_full(small));
    assert_int_equal(f.outcome, DNS_MALFORMED); /* what was not read may be what counts */
    assert_true(f.answer.n > 100 && f.answer.n < RECORDS);
    assert_int_equal(f.n_defects >= 1, 1);
    assert_non_null(strstr(f.defects[f.n_defects - 1].what, "once they are spelt out"));
    arena_free(small);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_take_a_bounded_part_of_memory),
        T(query_says_what_was_asked),
        T(answer_is_read_whole),
        T(outcome_follows_rcode_and_records),
        T(only_answers_to_the_question_count),
        T(broken_record_leaves_its_neighbours_alone),
        T(broken_owner_costs_its_record_alone),
        T(what_stops_the_reader_is_named),
        T(opt_is_checked),
        T(hostile_messages_stay_cheap),
        T(chain_ends_where_aliases_end),
        T(rdata_that_outgrows_its_length_is_broken),
        T(full_arena_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
