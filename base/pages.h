/* base/pages.h: memory that an array no longer needs goes back to the system, and the rest stays where it is.
 *
 * For tables that only grow and whose beginning nobody looks at any more: indices
 * stay what they were. What is given back reads as zeros. Whole pages only, so
 * up to two of them are kept. Errors: none; a system that refuses keeps the pages. */
#pragma once
#include <stddef.h>

void pages_release(void *array, size_t size_bytes); /* its first size_bytes */
