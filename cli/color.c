/* cli/color.c */
#include "cli/color.h"
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static bool is_refused(char *const *environment)
{
    for (; environment && *environment; environment++)
        if ((strncmp(*environment, "NO_COLOR=", 9) == 0 && (*environment)[9]) ||
            strcmp(*environment, "TERM=dumb") == 0)
            return true;
    return false;
}

struct color color_for(FILE *stream, char *const *environment)
{
    if (is_refused(environment) || !isatty(fileno(stream))) return (struct color){"", "", ""};
    return (struct color){.good = "\033[32m", .bad = "\033[31m", .plain = "\033[0m"};
}
