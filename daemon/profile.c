/* daemon/profile.c: the timer and its handler. */
#include "base/units.h"
#include "daemon/profile_own.h"
#include <errno.h>
#include <execinfo.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { FRAMES_OF_THE_HANDLER = 2 };

/* A signal handler has no context of its own. */
static struct profile *sampled; /* atomically */
static int handlers;            /* that run; atomically */

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void set_timer(int64_t period_us)
{
    const struct timeval span = {.tv_usec = period_us};
    (void)setitimer(ITIMER_PROF, &(struct itimerval){span, span}, NULL);
}

static void keep(struct profile *profile, void *const frames[], int depth)
{
    uint32_t at = __atomic_fetch_add(&profile->taken, 1, __ATOMIC_RELAXED);
    if (at >= profile->capacity) return;
    struct profile_sample *sample = &profile->samples[at];
    sample->depth = depth > 0 ? (uint32_t)depth : 0;
    for (uint32_t i = 0; i < sample->depth; i++)
        sample->frames[i] = (uintptr_t)frames[i + FRAMES_OF_THE_HANDLER];
}

/* It may come between a call that failed and whoever reads its errno. */
static void on_timer(int signal_number)
{
    void *frames[PROFILE_DEPTH_MOST + FRAMES_OF_THE_HANDLER];
    int error = errno;
    (void)signal_number;
    __atomic_fetch_add(&handlers, 1, __ATOMIC_SEQ_CST);
    struct profile *profile = __atomic_load_n(&sampled, __ATOMIC_SEQ_CST);
    if (profile && clock_ns(CLOCK_MONOTONIC) >= profile->end_ns)
        set_timer(0);
    else if (profile)
        keep(profile, frames,
             backtrace(frames, PROFILE_DEPTH_MOST + FRAMES_OF_THE_HANDLER) - FRAMES_OF_THE_HANDLER);
    __atomic_fetch_sub(&handlers, 1, __ATOMIC_SEQ_CST);
    errno = error;
}

/* From here on no handler has the profile in its hands: one may run in another thread right now. */
static void stop_sampling(void)
{
    set_timer(0);
    __atomic_store_n(&sampled, NULL, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&handlers, __ATOMIC_SEQ_CST) > 0) sched_yield();
}

err profile_open(struct profile **out)
{
    struct profile *profile = calloc(1, sizeof *profile);
    if (!profile) return ERR_NOMEM;
    *out = profile;
    return OK;
}

void profile_free(struct profile *profile)
{
    if (!profile) return;
    if (sampled == profile) stop_sampling();
    free(profile->samples);
    free(profile);
}

enum profile_state profile_state(const struct profile *profile)
{
    if (!profile->was_started) return PROFILE_NONE;
    return clock_ns(CLOCK_MONOTONIC) < profile->end_ns ? PROFILE_RUNNING : PROFILE_DONE;
}

int64_t profile_left_ns(const struct profile *profile)
{
    return profile->end_ns - clock_ns(CLOCK_MONOTONIC);
}

err profile_start(struct profile *profile, int64_t seconds)
{
    void *first[1];
    struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
    if (seconds < 1 || seconds > PROFILE_SECONDS_MOST) return ERR_RANGE;
    if (profile_state(profile) == PROFILE_RUNNING) return ERR_CONFLICT;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t capacity = (uint32_t)(seconds * PROFILE_HZ) * (uint32_t)(processors > 0 ? processors : 1) + 64;
    struct profile_sample *samples = calloc(capacity, sizeof *samples);
    if (!samples) return ERR_NOMEM;
    (void)backtrace(first, 1); /* loads the unwinder: not in a handler */
    stop_sampling();
    free(profile->samples);
    *profile = (struct profile){.samples = samples,
                                .capacity = capacity,
                                .began_ns = clock_ns(CLOCK_MONOTONIC),
                                .wall_ns = clock_ns(CLOCK_REALTIME),
                                .was_started = true};
    profile->end_ns = profile->began_ns + seconds * NS_PER_S;
    sigemptyset(&action.sa_mask);
    __atomic_store_n(&sampled, profile, __ATOMIC_SEQ_CST);
    (void)sigaction(SIGPROF, &action, NULL);
    set_timer(1000000 / PROFILE_HZ);
    return OK;
}
