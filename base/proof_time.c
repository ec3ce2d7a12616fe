/* base/proof_time.c: a ring of times, sorted when somebody asks. */
#include "base/proof_time.h"
#include <string.h>

void proof_time_add(struct proof_time *seen, int64_t time_ns)
{
    seen->times_ns[seen->next] = time_ns;
    seen->next = (seen->next + 1) % PROOF_TIME_WINDOW;
    if (seen->count < PROOF_TIME_WINDOW) seen->count++;
}

int64_t proof_time_p90_ns(const struct proof_time *seen)
{
    int64_t sorted_ns[PROOF_TIME_WINDOW];
    uint32_t count = seen->count;
    if (count == 0) return PROOF_TIME_UNKNOWN_NS;
    memcpy(sorted_ns, seen->times_ns, count * sizeof *sorted_ns);
    for (uint32_t i = 1; i < count; i++) { /* a hundred at most: insertion is enough */
        int64_t moved_ns = sorted_ns[i];
        uint32_t at = i;
        for (; at > 0 && sorted_ns[at - 1] > moved_ns; at--) sorted_ns[at] = sorted_ns[at - 1];
        sorted_ns[at] = moved_ns;
    }
    uint32_t index = count * 9 / 10;
    return sorted_ns[index < count ? index : count - 1];
}
