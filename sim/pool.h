/* sim/pool.h: independent jobs on all cores, results independent of how many.
 *
 * Each job writes to its own place; nothing depends on which thread ran it or
 * when it ended. The caller works too, so that it never fails for want of threads. */
#pragma once
#include <stdint.h>

/* Calls job(context, index) once for each index below count, on up to `threads` threads at once. */
void pool_run(uint32_t threads, uint32_t count, void (*job)(void *context, uint32_t index), void *context);

uint32_t pool_cores(void); /* that this process may use; at least 1 */
