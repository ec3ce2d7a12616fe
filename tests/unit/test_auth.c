/* tests/unit/test_auth.c: only the token is the token, and nothing shows what it is. */
#include "daemon/auth.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static const char TOKEN[] = "correct horse battery staple";

static const struct {
    const char *authorization;
    enum auth_verdict verdict;
} OFFERS[] = {
    {NULL, AUTH_MISSING},
    {"Bearer correct horse battery staple", AUTH_GOOD},
    {"bearer correct horse battery staple", AUTH_GOOD},
    {"Bearer   correct horse battery staple", AUTH_GOOD},
    {"", AUTH_WRONG},
    {"Bearer", AUTH_WRONG},
    {"Bearer ", AUTH_WRONG},
    {"Bearer correct horse battery stapl", AUTH_WRONG},
    {"Bearer correct horse battery staple ", AUTH_WRONG},
    {"Bearer correct horse battery staplf", AUTH_WRONG},
    {"Bearer Correct horse battery staple", AUTH_WRONG},
    {"Basic correct horse battery staple", AUTH_WRONG},
    {"correct horse battery staple", AUTH_WRONG},
};

Test(auth, only_the_token_is_the_token)
{
    for (size_t i = 0; i < sizeof OFFERS / sizeof *OFFERS; i++)
        cr_assert(eq(int, auth_judge(OFFERS[i].authorization, TOKEN), OFFERS[i].verdict), "offer %zu", i);
}

Test(auth, a_token_of_any_length_is_judged)
{
    static char offer[70000] = "Bearer ";
    memset(offer + 7, 'x', sizeof offer - 8);
    cr_assert(eq(int, auth_judge(offer, TOKEN), AUTH_WRONG));
    cr_assert(eq(int, auth_judge(offer, offer + 7), AUTH_GOOD));
}

Test(auth, an_actor_is_one_name_a_token_and_no_part_of_it)
{
    char one[AUTH_ACTOR_BYTES], again[AUTH_ACTOR_BYTES], other[AUTH_ACTOR_BYTES];
    auth_actor(TOKEN, one);
    auth_actor(TOKEN, again);
    auth_actor("correct horse battery staplf", other);
    cr_assert(eq(str, one, again));
    cr_assert(ne(str, one, other));
    cr_assert(eq(int, (int)strlen(one), 14));
    cr_assert(eq(int, strncmp(one, "token:", 6), 0));
}
