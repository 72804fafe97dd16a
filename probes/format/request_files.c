#include "format/request_files.h"

#include <errno.h>
#include <string.h>

bool request_file_kind(const struct request_field *f, enum token_file *ret)
{
    bool key = !strcmp(f->name, "auth_key"), csr = !strcmp(f->name, "csr");
    *ret = key ? TOKEN_FILE_KEY : TOKEN_FILE_CSR;
    return key || csr;
}

int request_files_check(struct arena *a, const struct request *r, struct input_error *err)
{
    const char *expected = r->auth_key.n ? token_file_expected(a, TOKEN_FILE_KEY, r->auth_key) : NULL;
    if (expected) {
        *err = (struct input_error){.code = CODE_invalid_value, .field = "auth_key", .expected = expected};
        return -EINVAL;
    }
    expected = r->csr.n ? token_file_expected(a, TOKEN_FILE_CSR, r->csr) : NULL;
    if (!expected)
        return 0;
    *err = (struct input_error){.code = CODE_invalid_value, .field = "csr", .expected = expected};
    return -EINVAL;
}
