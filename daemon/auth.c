/* daemon/auth.c */
#include "daemon/auth.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static void digest_of(const char *purpose, const char *text, unsigned char out[crypto_generichash_BYTES])
{
    crypto_generichash(out, crypto_generichash_BYTES, (const unsigned char *)text, strlen(text),
                       (const unsigned char *)purpose, strlen(purpose));
}

enum auth_verdict auth_judge(const char *authorization, const char *token)
{
    static const char SCHEME[] = "Bearer ", PURPOSE[] = "agenc admin token";
    unsigned char given[crypto_generichash_BYTES], right[crypto_generichash_BYTES];
    if (!authorization) return AUTH_MISSING;
    bool is_bearer = strncasecmp(authorization, SCHEME, sizeof SCHEME - 1) == 0;
    const char *offered = is_bearer ? authorization + sizeof SCHEME - 1 : authorization;
    while (is_bearer && *offered == ' ') offered++;
    digest_of(PURPOSE, offered, given);
    digest_of(PURPOSE, token, right);
    bool is_same = sodium_memcmp(given, right, sizeof given) == 0;
    return is_same && is_bearer ? AUTH_GOOD : AUTH_WRONG;
}

void auth_actor(const char *token, char out[AUTH_ACTOR_BYTES])
{
    unsigned char digest[crypto_generichash_BYTES];
    digest_of("agenc audit actor", token, digest);
    snprintf(out, AUTH_ACTOR_BYTES, "token:%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]);
}
