#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/suffix_file.h"
#include "wire/name.h"
#include "wire/suffixes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/suffixesXXXXXX";

static void put(const char *text, time_t when)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void a_file_takes_the_place(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    const char *why = NULL;
    put("// ===BEGIN ICANN DOMAINS===\nnewtop\n// ===END ICANN DOMAINS===\n", 1798761600);
    assert_int_equal(suffix_file_use(a, path, &why), 0);
    assert_string_equal(suffixes_in_use()->date, "2027-01-01"); /* the date in the file */
    assert_string_equal(name_registrable("www.shop.newtop"), "shop.newtop");
    assert_null(name_registrable("shop.com"));

    put("// VERSION: 2021-02-03_00-00-00_UTC\n// ===BEGIN ICANN DOMAINS===\ncom\n// ===END ICANN "
        "DOMAINS===\n",
        1798761600);
    assert_int_equal(suffix_file_use(a, path, &why), 0);
    assert_string_equal(suffixes_in_use()->date, "2021-02-03"); /* a file that was named may be older */
    assert_non_null(name_registrable("shop.com"));

    put("<html>", 1798761600);
    assert_int_equal(suffix_file_use(a, path, &why), -EINVAL);
    assert_true(!strncmp(why, path, strlen(path)) && strstr(why, "expected the whole public suffix list"));
    assert_int_equal(suffix_file_use(a, "/nowhere/list.dat", &why), -ENOENT);
    assert_string_equal(why, "/nowhere/list.dat: No such file or directory");
    assert_int_equal(suffix_file_use(a, "/tmp", &why), -EINVAL);
    assert_non_null(strstr(why, "no regular file"));
    assert_string_equal(suffixes_in_use()->date, "2021-02-03"); /* the list of before is still used */
    arena_free(a);
}

/* The list of the package publicsuffix is used only if it is newer than that in use. */
static void the_packages_list(void **state)
{
    (void)state;
    if (access(SUFFIX_FILE, R_OK))
        skip();
    struct arena *a = arena_new(0);
    const char *why;
    put("// VERSION: 2021-02-03_00-00-00_UTC\n// ===BEGIN ICANN DOMAINS===\nold\n// ===END ICANN "
        "DOMAINS===\n",
        0);
    assert_int_equal(suffix_file_use(a, path, &why), 0);
    assert_int_equal(suffix_file_use(NULL, NULL, NULL), 0);
    assert_true(strcmp(suffixes_in_use()->date, "2021-02-03") > 0);
    assert_string_equal(name_registrable("x.shop.co.uk"), "shop.co.uk");
    assert_string_equal(name_registrable("x.xn--85x722f.xn--55qx5d.cn"), "xn--85x722f.xn--55qx5d.cn");
    put("// VERSION: 9999-12-31_00-00-00_UTC\n// ===BEGIN ICANN DOMAINS===\nnew\n// ===END ICANN "
        "DOMAINS===\n",
        0);
    assert_int_equal(suffix_file_use(a, path, &why), 0);
    assert_int_equal(suffix_file_use(NULL, NULL, NULL), 0);
    assert_string_equal(suffixes_in_use()->date, "9999-12-31");
    arena_free(a);
}

int main(void)
{
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_takes_the_place),
        cmocka_unit_test(the_packages_list),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
