/* daemon/openapi.h: the routes as an OpenAPI 3.1 document: written from the rows, so it cannot lag behind
 * them.
 */
#pragma once
#include <stdio.h>

void openapi_write(FILE *out, const char *version); /* errors stay in the stream */
