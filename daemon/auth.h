/* daemon/auth.h: is this the token?
 *
 * Both are hashed to the same length first and compared in constant time, so that neither the length nor the
 * first byte that differs shows in how long it takes. Tokens are never logged; a name of eight hex digits
 * stands for one in the audit. Threads: none. */
#pragma once
#include <stdbool.h>

enum { AUTH_ACTOR_BYTES = 24 };

/* The value of an Authorization header, NULL when there is none. The token is not empty. */
enum auth_verdict { AUTH_GOOD, AUTH_MISSING, AUTH_WRONG };
enum auth_verdict auth_judge(const char *authorization, const char *token);

/* "token:ab12cd34" */
void auth_actor(const char *token, char out[AUTH_ACTOR_BYTES]);
