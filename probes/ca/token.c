#include "ca/token.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { MAC_BYTES = 32, MAC_WORDS = MAC_BYTES / 4, DIGITS = TOKEN_LENGTH - TOKEN_STAMP };

/* Writes the MAC, a big-endian integer, in base 36. Each round divides by 36^5, which fits a word, and yields
 * five digits. */
static void base36(const unsigned char mac[MAC_BYTES], char out[DIGITS])
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    const uint32_t divisor = 36u * 36 * 36 * 36 * 36;
    uint32_t word[MAC_WORDS];
    for (int i = 0; i < MAC_WORDS; i++)
        word[i] = (uint32_t)mac[i * 4] << 24 | (uint32_t)mac[i * 4 + 1] << 16 |
                  (uint32_t)mac[i * 4 + 2] << 8 | mac[i * 4 + 3];
    for (int at = DIGITS; at;) {
        uint64_t rest = 0;
        for (int i = 0; i < MAC_WORDS; i++) {
            rest = rest << 32 | word[i];
            word[i] = (uint32_t)(rest / divisor);
            rest %= divisor;
        }
        for (int i = 0; i < 5; i++, rest /= 36)
            out[--at] = digits[rest % 36];
    }
}

int token_compute(const char *stamp, struct bytes auth_key, struct bytes csr, char out[TOKEN_LENGTH + 1])
{
    if (strlen(stamp) != TOKEN_STAMP || strspn(stamp, "0123456789") != TOKEN_STAMP)
        return -EINVAL;
    unsigned char mac[MAC_BYTES], *message = malloc(TOKEN_STAMP + csr.n);
    size_t n = 0;
    if (!message)
        return -ENOMEM;
    memcpy(message, stamp, TOKEN_STAMP);
    if (csr.n)
        memcpy(message + TOKEN_STAMP, csr.p, csr.n);
    bool done = EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, auth_key.n ? (const void *)auth_key.p : "",
                          auth_key.n, message, TOKEN_STAMP + csr.n, mac, sizeof mac, &n);
    free(message);
    if (!done || n != sizeof mac)
        return -EIO;
    memcpy(out, stamp, TOKEN_STAMP);
    base36(mac, out + TOKEN_STAMP);
    out[TOKEN_LENGTH] = '\0';
    return 0;
}

struct bytes token_key_trim(struct bytes file)
{
    if (file.n && file.p[file.n - 1] == '\n')
        file.n -= file.n > 1 && file.p[file.n - 2] == '\r' ? 2 : 1;
    return file;
}

ptrdiff_t bytes_find(struct bytes text, struct bytes needle)
{
    if (!needle.n || needle.n > text.n)
        return -1;
    const uint8_t *at = memmem(text.p, text.n, needle.p, needle.n);
    return at ? at - text.p : -1;
}

bool token_looks_random(struct bytes text)
{
    if (text.n != 32)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (!(text.p[i] >= '0' && text.p[i] <= '9') && !(text.p[i] >= 'a' && text.p[i] <= 'z'))
            return false;
    return true;
}
