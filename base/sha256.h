/* base/sha256.h: SHA-256 (FIPS 180-4) of bytes at once or in pieces.
 *
 * For digests that name things (rollout buckets, configurations, files); not
 * hardened against side channels. Threads: none; a hash is a plain value. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_HEX_BYTES = 65, SHA256_BLOCK_BYTES = 64 };

struct sha256 {
    uint32_t state[8];
    uint64_t size_bytes; /* taken in so far */
    unsigned char block[SHA256_BLOCK_BYTES];
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t size_bytes);
void sha256_end(struct sha256 *hash, unsigned char digest[SHA256_BYTES]); /* the hash is spent */

void sha256_of(const void *bytes, size_t size_bytes, unsigned char digest[SHA256_BYTES]);
void sha256_hex(const unsigned char digest[SHA256_BYTES],
                char text[SHA256_HEX_BYTES]); /* lower case, with a NUL */
