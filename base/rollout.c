/* base/rollout.c: the bucket is a hash, so that it needs no memory and no coordination. */
#include "base/rollout.h"
#include "base/sha256.h"
#include <string.h>

/* Part of every published selection: another prefix would reshuffle everyone. */
static const char PREFIX[] = "agenc-rollout-v1:";

uint32_t rollout_bucket(const char *key, size_t key_bytes)
{
    unsigned char digest[SHA256_BYTES];
    struct sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, PREFIX, sizeof PREFIX - 1);
    sha256_add(&hash, key, key_bytes);
    sha256_end(&hash, digest);
    uint64_t front = 0;
    for (int i = 0; i < 8; i++) front = front << 8 | digest[i];
    return (uint32_t)(front % ROLLOUT_BUCKETS);
}

bool rollout_lists(const char *list, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = list; *at; at += strcspn(at, ",")) {
        at += *at == ',';
        if (strcspn(at, ",") == size && strncmp(at, name, size) == 0) return true;
    }
    return false;
}
