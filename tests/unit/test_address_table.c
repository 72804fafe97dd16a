#include "observe/address_table.h"

#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct place { /* an observer's record of an address */
    struct address_entry at;
    char word[8];
};

struct visit { /* an observer's exchange */
    struct address_link link;
    struct place *place;
};

static struct place *get(struct address_table *t, const char *text, bool tcp)
{
    struct addr a;

    assert_int_equal(addr_parse(text, 53, &a), 0);
    return (struct place *)address_get(t, &a, tcp);
}

static void put(struct place *p)
{
    if (address_put(&p->at))
        free(p);
}

static void an_address_has_one_entry(void **state)
{
    static struct address_table t;

    (void)state;
    address_table_init(&t, sizeof(struct place), 1);
    struct place *a = get(&t, "192.0.2.1", false);
    assert_int_equal(a->at.refs, 1);
    assert_int_equal(a->word[7], 0);
    assert_ptr_equal(get(&t, "192.0.2.1:53", false), a);
    assert_int_equal(a->at.refs, 2);
    struct place *others[] = {get(&t, "192.0.2.1", true), get(&t, "192.0.2.1:54", false), get(&t, "192.0.2.2", false),
                              get(&t, "2001:db8::1", false)};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(others[i]->at.refs, 1);
        put(others[i]);
    }
    assert_false(address_put(&a->at));
    assert_true(address_put(&a->at));
    free(a);
}

/* More addresses than buckets, so that many buckets have several. */
static void many_addresses_are_told_apart(void **state)
{
    enum { N = 2 * ADDRESS_BUCKETS };
    static struct address_table t;
    static struct place *p[N];
    struct addr a;

    (void)state;
    address_table_init(&t, sizeof(struct place), 1);
    assert_int_equal(addr_parse("10.0.0.0", 53, &a), 0);
    for (uint32_t i = 0; i < N; i++) {
        a.v4.sin_addr.s_addr = htonl(0x0a000000 + i);
        p[i] = (struct place *)address_get(&t, &a, false);
        assert_int_equal(p[i]->at.refs, 1);
    }
    for (uint32_t i = 0; i < N; i += 2)
        put(p[i]);
    for (uint32_t i = 1; i < N; i += 2) {
        assert_true(addr_equal(&p[i]->at.addr, &(struct addr){.v4 = {.sin_family = AF_INET,
                                                                     .sin_port = htons(53),
                                                                     .sin_addr = {htonl(0x0a000000 + i)}}}));
        assert_ptr_equal(address_get(&t, &p[i]->at.addr, false), p[i]);
        put(p[i]);
        put(p[i]);
    }
    for (size_t i = 0; i < ADDRESS_BUCKETS; i++)
        assert_null(t.buckets[i]);
}

static void expect_next(struct address_table *t, struct visit *v)
{
    assert_true(address_runnable(t));
    assert_ptr_equal(address_next(t), v);
    assert_null(v->link.in);
}

static void expect_none(struct address_table *t)
{
    assert_false(address_runnable(t));
    assert_null(address_next(t));
}

static void addresses_are_asked_in_turn_and_no_more_than_they_bear(void **state)
{
    static struct address_table t;
    struct visit a[4] = {0}, b[2] = {0};

    (void)state;
    address_table_init(&t, sizeof(struct place), 2);
    expect_none(&t);
    for (size_t i = 0; i < 4; i++) {
        a[i].place = get(&t, "192.0.2.1", false);
        address_queue_add(&a[i].place->at.waiting, &a[i].link);
    }
    for (size_t i = 0; i < 2; i++) {
        b[i].place = get(&t, "192.0.2.2", false);
        address_queue_add(&b[i].place->at.waiting, &b[i].link);
    }
    assert_int_equal(t.waiting, 6);
    expect_next(&t, &a[0]);
    expect_next(&t, &b[0]);
    expect_next(&t, &a[1]);
    expect_next(&t, &b[1]);
    expect_none(&t); /* the first address has two in flight, and nothing waits for the second */
    assert_int_equal(t.in_flight, 4);
    assert_int_equal(t.waiting, 2);

    address_ended(&a[0].place->at);
    address_queue_add(&a[0].place->at.again, &a[0].link); /* before what has not been in flight yet */
    expect_next(&t, &a[0]);
    address_queue_remove(&a[2].link);
    address_queue_remove(&a[2].link);
    address_ended(&a[1].place->at);
    expect_next(&t, &a[3]);
    expect_none(&t);
    assert_int_equal(t.waiting, 0);
    for (size_t i = 0; i < 2; i++) {
        address_ended(&a[0].place->at);
        address_ended(&b[0].place->at);
    }
    assert_int_equal(t.in_flight, 0);
    for (size_t i = 0; i < 4; i++)
        put(a[i].place);
    for (size_t i = 0; i < 2; i++)
        put(b[i].place);
}

/* A queue that belongs to no address only keeps its order. */
static void a_list_of_ones_own_is_not_counted(void **state)
{
    struct address_queue q;
    struct visit v[2] = {0};

    (void)state;
    address_queue_init(&q);
    assert_null(address_queue_first(&q));
    address_queue_add(&q, &v[0].link);
    address_queue_add(&q, &v[1].link);
    assert_ptr_equal(address_queue_first(&q), &v[0]);
    address_queue_remove(&v[0].link);
    assert_ptr_equal(address_queue_first(&q), &v[1]);
    assert_ptr_equal(v[1].link.in, &q);
    address_queue_remove(&v[1].link);
    assert_null(address_queue_first(&q));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_one_entry),
        cmocka_unit_test(many_addresses_are_told_apart),
        cmocka_unit_test(addresses_are_asked_in_turn_and_no_more_than_they_bear),
        cmocka_unit_test(a_list_of_ones_own_is_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
