#include "base/cidr.h"
#include "base/table.h"
#include "run/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int parse(struct arena *a, const char *text, struct conf *ret, const char **why)
{
    return conf_parse(a, "t.conf", text, strlen(text), ret, why);
}

static void defaults(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct conf c;
    const char *why;
    assert_int_equal(parse(a, "", &c, &why), 0);
    assert_string_equal(c.socket, "/run/dcvd/dcvd.sock");
    assert_int_equal(c.socket_mode, 0660);
    assert_string_equal(c.database, "/var/lib/dcvd/dcvd.db");
    assert_int_equal(c.log_level, LEVEL_INFO);
    assert_int_equal(c.in_flight, 1000);
    assert_int_equal(c.memory, 512 << 20);
    assert_int_equal(c.queue, 100000);
    assert_int_equal(c.defaults.deadline_ms, 30000);
    assert_int_equal(c.defaults.depth, DEPTH_FULL);
    assert_int_equal(c.timeout_ms, 2000);
    assert_int_equal(c.requests_per_second, 1000);
    assert_int_equal(c.retention_days, 90);
    assert_true(c.retention_size == UINT64_C(4) << 30);
    assert_int_equal(c.defaults.allow_net.n, 0);
    assert_ptr_equal(c.defaults.profile, &c.profile);
    arena_free(a);
}

static void values(void **state)
{
    (void)state;
    static const char text[] = "[daemon]\n"
                               "socket = /tmp/s ; a remark\n"
                               "socket_mode = 0600\n"
                               "listen = [::1]:8053\n"
                               "log_level = debug\n"
                               "[checks]\n"
                               "deadline = 2.5\n"
                               "depth = quick\n"
                               "[resolver]\n"
                               "servers = 192.0.2.1, 192.0.2.2\n"
                               "  2001:db8::1\n"
                               "timeout = 0.25\n"
                               "[fetch]\n"
                               "allow_net = 10.0.0.0/8\n"
                               "[access]\n"
                               "uids = root 4242\n"
                               "[retention]\n"
                               "max_size = 512M\n"
                               "[auth_keys]\n"
                               "main = /etc/dcvd/main.key\n";
    struct arena *a = arena_new(0);
    struct conf c;
    const char *why;
    assert_int_equal(parse(a, text, &c, &why), 0);
    assert_string_equal(c.socket, "/tmp/s");
    assert_int_equal(c.socket_mode, 0600);
    assert_string_equal(c.listen, "[::1]:8053");
    assert_int_equal(c.log_level, LEVEL_DEBUG);
    assert_int_equal(c.defaults.deadline_ms, 2500);
    assert_int_equal(c.defaults.depth, DEPTH_QUICK);
    assert_int_equal(c.defaults.resolvers.n, 3);
    assert_string_equal(c.defaults.resolvers.v[2], "[2001:db8::1]:53");
    assert_int_equal(c.timeout_ms, 250);
    assert_string_equal(c.defaults.allow_net.v[0], "10.0.0.0/8");
    assert_int_equal(c.uids.n, 2);
    assert_int_equal(c.uids.v[0], 0);
    assert_int_equal(c.uids.v[1], 4242);
    assert_true(c.retention_size == UINT64_C(512) << 20);
    assert_string_equal(conf_auth_key(&c, "main")->file, "/etc/dcvd/main.key");
    assert_null(conf_auth_key(&c, "other"));
    arena_free(a);
}

/* Each file is refused, and the error names the line and what was expected. */
static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says[3];
    } rows[] = {
        {"[checks]\nin_flight = 0\n", {"t.conf:2:", "in_flight", "1 to 100000"}},
        {"[checks]\nin_flight = -1\n", {"t.conf:2:", "in_flight", "1 to 100000"}},
        {"[checks]\nin_flight = 1e3\n", {"t.conf:2:", "'1e3'", "1 to 100000"}},
        {"\n\n[checks]\nin_flght = 1\n", {"t.conf:4:", "'in_flght'", "in_flight, queue"}},
        {"[cheks]\nqueue = 1\n", {"t.conf:2:", "[cheks]", "auth_keys"}},
        {"queue = 1\n", {"t.conf:1:", "'queue'", "before any section"}},
        {"[checks]\nqueue = 1\nqueue = 2\n", {"t.conf:3:", "queue", "line 2"}},
        {"[checks]\ngarbage\n", {"t.conf:2:", "key = value", ""}},
        {"[checks]\ndeadline = 0\n", {"t.conf:2:", "deadline", "3600"}},
        {"[checks]\ndepth = deep\n", {"t.conf:2:", "depth", "quick"}},
        {"[daemon]\nsocket = here\n", {"t.conf:2:", "socket", "absolute"}},
        {"[daemon]\nsocket_mode = 0999\n", {"t.conf:2:", "socket_mode", "0600 to 0777"}},
        {"[daemon]\nsocket_mode = 0060\n", {"t.conf:2:", "socket_mode", "0600 to 0777"}},
        {"[daemon]\nlisten = 0.0.0.0:80\n", {"t.conf:2:", "listen", "loopback"}},
        {"[daemon]\nlisten = 127.0.0.1\n", {"t.conf:2:", "listen", "port"}},
        {"[daemon]\nlog_level = loud\n", {"t.conf:2:", "log_level", "info or debug"}},
        {"[resolver]\nservers = 192.0.2.1 there\n", {"t.conf:2:", "servers", "there"}},
        {"[resolver]\ntimeout = 61\n", {"t.conf:2:", "timeout", "0.01 to 60"}},
        {"[fetch]\nallow_net = 10.0.0.0/33\n", {"t.conf:2:", "allow_net", "10.0.0.0/8"}},
        {"[access]\nuids = no-such-user-here\n", {"t.conf:2:", "uids", "name or number"}},
        {"[retention]\nmax_size = 4X\n", {"t.conf:2:", "max_size", "K, M, G or T"}},
        {"[retention]\nmax_size = 99999999T\n", {"t.conf:2:", "max_size", "1024T"}},
        {"[auth_keys]\na b = /x\n", {"t.conf:2:", "'a b'", "64 characters"}},
        {"[auth_keys]\na = x\n", {"t.conf:2:", "a", "absolute path"}},
        {"[auth_keys]\na = /x\na = /y\n", {"t.conf:3:", "a", "twice"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(0);
        struct conf c;
        const char *why = NULL;
        assert_int_equal(parse(a, rows[i].text, &c, &why), -EINVAL);
        for (int k = 0; k < 3; k++)
            if (!strstr(why, rows[i].says[k]))
                fail_msg("'%s' does not say '%s'", why, rows[i].says[k]);
        arena_free(a);
    }
}

static void odd_bytes(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct conf c;
    const char *why;
    assert_int_equal(conf_parse(a, "t.conf", "[checks]\nqu\0ue = 1\n", 19, &c, &why), -EINVAL);
    assert_non_null(strstr(why, "t.conf:2: a NUL byte"));
    char line[600];
    memset(line, 'x', sizeof line);
    assert_int_equal(conf_parse(a, "t.conf", line, sizeof line, &c, &why), -EINVAL);
    assert_non_null(strstr(why, "t.conf:1: a line of 600"));
    arena_free(a);
}

static void write_file(const char *path, mode_t mode, const char *text)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void files(void **state)
{
    (void)state;
    char dir[] = "/tmp/test_conf.XXXXXX", conf[64], key[64], text[128];
    assert_non_null(mkdtemp(dir));
    snprintf(conf, sizeof conf, "%s/conf", dir);
    snprintf(key, sizeof key, "%s/key", dir);
    snprintf(text, sizeof text, "[resolver]\nservers = 192.0.2.1\n[auth_keys]\nk = %s\n", key);
    write_file(conf, 0644, text);
    write_file(key, 0640, "someToken\n");

    struct arena *a = arena_new(0);
    struct conf c;
    const char *why;
    const struct conf_option options[] = {{"--resolver", "resolver", "servers", "192.0.2.2"},
                                          {"--resolver", "resolver", "servers", "192.0.2.3"}};
    assert_int_equal(conf_load(a, conf, options, 2, &c, &why), 0);
    assert_int_equal(c.defaults.resolvers.n, 2);
    assert_string_equal(c.defaults.resolvers.v[0], "192.0.2.2:53");
    assert_int_equal(conf_load_keys(a, &c, &why), 0);
    assert_int_equal(c.auth_keys[0].key.n, 9);
    assert_memory_equal(c.auth_keys[0].key.p, "someToken", 9);

    write_file(key, 0644, "someToken\n");
    assert_int_equal(conf_load_keys(a, &c, &why), -EINVAL);
    assert_non_null(strstr(why, "0644"));
    assert_null(strstr(why, "someToken"));
    write_file(key, 0600, "\n");
    assert_int_equal(conf_load_keys(a, &c, &why), -EINVAL);
    assert_non_null(strstr(why, "empty"));

    const struct conf_option bad = {"--resolver", "resolver", "servers", "nowhere"};
    assert_int_equal(conf_load(a, conf, &bad, 1, &c, &why), -EINVAL);
    assert_non_null(strstr(why, "--resolver: 'nowhere'"));
    unlink(conf);
    assert_int_equal(conf_load(a, conf, NULL, 0, &c, &why), -ENOENT);
    assert_non_null(strstr(why, conf));
    unlink(key);
    rmdir(dir);
    arena_free(a);
}

/* mode = recursive needs its files and allows no servers. */
static void recursive(void **state)
{
    (void)state;
    char dir[] = "/tmp/test_conf.XXXXXX", conf[64], anchor[64], text[256];
    assert_non_null(mkdtemp(dir));
    snprintf(conf, sizeof conf, "%s/conf", dir);
    snprintf(anchor, sizeof anchor, "%s/root.key", dir);
    snprintf(text, sizeof text, "[resolver]\nmode = recursive\ntrust_anchor = %s\n", anchor);
    write_file(conf, 0644, text);
    write_file(anchor, 0644,
               ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n");

    struct arena *a = arena_new(0);
    struct conf c;
    const char *why;
    assert_int_equal(conf_load(a, conf, NULL, 0, &c, &why), 0);
    assert_int_equal(c.resolver_mode, RESOLVER_RECURSIVE);
    assert_true(resolvers_recursive(&c.defaults.resolvers));
    assert_string_equal(c.trust_anchor, anchor);

    struct conf_option option = {"--resolver", "resolver", "servers", "192.0.2.2"};
    assert_int_equal(conf_load(a, conf, &option, 1, &c, &why), 0);
    assert_int_equal(c.resolver_mode, RESOLVER_FORWARD);
    option.value = "recursive";
    assert_int_equal(conf_load(a, conf, &option, 1, &c, &why), 0);
    assert_int_equal(c.resolver_mode, RESOLVER_RECURSIVE);

    write_file(anchor, 0644, "; none\n");
    assert_int_equal(conf_load(a, conf, NULL, 0, &c, &why), -EINVAL);
    unlink(anchor);
    assert_int_equal(conf_load(a, conf, NULL, 0, &c, &why), -ENOENT);
    assert_non_null(strstr(why, "[resolver] trust_anchor: "));
    assert_non_null(strstr(why, anchor));

    write_file(conf, 0644, "[resolver]\nmode = recursive\nservers = 192.0.2.1\n");
    assert_int_equal(conf_load(a, conf, NULL, 0, &c, &why), -EINVAL);
    assert_non_null(strstr(why, "[resolver] servers: mode = recursive"));
    unlink(conf);
    rmdir(dir);
    arena_free(a);
}

static void networks(void **state)
{
    (void)state;
    static const struct {
        const char *inner, *outer;
        bool within;
    } rows[] = {
        {"10.1.2.0/24", "10.0.0.0/8", true},  {"10.0.0.0/8", "10.0.0.0/8", true},
        {"10.0.0.0/7", "10.0.0.0/8", false},  {"11.0.0.1", "10.0.0.0/8", false},
        {"127.0.0.1", "0.0.0.0/0", true},     {"fd00::1", "fd00::/8", true},
        {"fe00::1", "fd00::/8", false},       {"10.0.0.1", "::/0", false},
        {"10.9.9.9/12", "10.0.0.0/12", true}, {"10.16.0.0/12", "10.0.0.0/12", false},
    };
    struct cidr inner, outer;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(cidr_parse(rows[i].inner, &inner) && cidr_parse(rows[i].outer, &outer));
        assert_int_equal(cidr_within(&inner, &outer), rows[i].within);
    }
    static const char *const bad[] = {
        "", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "::/129", "10/8", "x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(cidr_parse(bad[i], &inner));
}

struct thing {
    struct link by_number;
    uint64_t number;
};

static void table_holds(void **state)
{
    (void)state;
    enum { N = 1000, HASHES = 50 }; /* 20 entries for each hash: only the caller can tell them apart */
    static struct thing things[N];
    struct table t = {0};
    for (uint64_t i = 0; i < N; i++) {
        things[i].number = i;
        assert_int_equal(table_add(&t, &things[i].by_number, hash_number(i % HASHES)), 0);
    }
    for (size_t i = 0; i < N; i += 2)
        table_remove(&t, &things[i].by_number);
    assert_int_equal(t.n, N / 2);
    size_t found = 0;
    for (uint64_t h = 0; h < HASHES; h++)
        for (struct link *k = table_first(&t, hash_number(h)); k; k = table_next(k)) {
            uint64_t n = CONTAINER(k, struct thing, by_number)->number;
            assert_true(n % HASHES == h && n % 2 == 1);
            found++;
        }
    assert_int_equal(found, N / 2);
    table_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),    cmocka_unit_test(values),    cmocka_unit_test(refused),
        cmocka_unit_test(odd_bytes),   cmocka_unit_test(files),     cmocka_unit_test(networks),
        cmocka_unit_test(table_holds), cmocka_unit_test(recursive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
