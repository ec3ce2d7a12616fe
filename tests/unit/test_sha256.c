/* tests/unit/test_sha256.c: the examples of FIPS 180-4, and pieces that make the same whole. */
#include "base/sha256.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

TestSuite(sha256, .timeout = 10);

static void expect_digest(const char *bytes, size_t size_bytes, const char *want)
{
    unsigned char digest[SHA256_BYTES];
    char text[SHA256_HEX_BYTES];
    sha256_of(bytes, size_bytes, digest);
    sha256_hex(digest, text);
    cr_expect(eq(str, text, (char *)want));
}

Test(sha256, published_digests)
{
    static char many[1000000];
    memset(many, 'a', sizeof many);
    expect_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    expect_digest(many, sizeof many, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

Test(sha256, pieces_make_the_same_whole)
{
    unsigned char bytes[300], whole[SHA256_BYTES], pieces[SHA256_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 31);
    for (size_t size_bytes = 0; size_bytes <= sizeof bytes; size_bytes++) {
        struct sha256 hash;
        sha256_of(bytes, size_bytes, whole);
        sha256_begin(&hash);
        for (size_t at = 0, step = 1; at < size_bytes; at += step, step = step * 2 + 1) {
            if (step > size_bytes - at) step = size_bytes - at;
            sha256_add(&hash, bytes + at, step);
        }
        sha256_end(&hash, pieces);
        cr_assert(eq(int, memcmp(whole, pieces, sizeof whole), 0), "%zu bytes", size_bytes);
    }
}
