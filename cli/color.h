/* cli/color.h: colours on a terminal, nothing elsewhere. NO_COLOR, when not empty, turns them off. */
#pragma once
#include <stdio.h>

struct color {
    const char *good, *bad, *plain; /* "" without colours */
};

struct color color_for(FILE *stream, char *const *environment);
