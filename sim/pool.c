/* sim/pool.c: a counter that threads draw from. */
#include "sim/pool.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { THREADS_MOST = 256 };

struct pool {
    atomic_uint next;
    uint32_t count;
    void (*job)(void *context, uint32_t index);
    void *context;
};

static void *work(void *argument)
{
    struct pool *pool = argument;
    for (;;) {
        uint32_t index = atomic_fetch_add(&pool->next, 1);
        if (index >= pool->count) return NULL;
        pool->job(pool->context, index);
    }
}

void pool_run(uint32_t threads, uint32_t count, void (*job)(void *context, uint32_t index), void *context)
{
    struct pool pool = {.count = count, .job = job, .context = context};
    pthread_t started[THREADS_MOST];
    uint32_t wanted = threads < count ? threads : count, running = 0;
    if (wanted > THREADS_MOST) wanted = THREADS_MOST;
    /* The caller is one of the workers: with one thread there is none to start. */
    while (running + 1 < wanted && pthread_create(&started[running], NULL, work, &pool) == 0) running++;
    work(&pool);
    for (uint32_t i = 0; i < running; i++) pthread_join(started[i], NULL);
}

uint32_t pool_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? (uint32_t)count : 1;
}
