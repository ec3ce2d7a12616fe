/* sim/calendar.c: a lazily sorted bucket queue, two levels and a far list.
 *
 *   heap    what is due before `active_end_ns` but came after the run was sorted
 *   run     the active fine bucket, sorted when it became active
 *   fine    512 buckets of 2^shift ns: one coarse bucket, spread out
 *   coarse  4096 buckets of 2^(shift + 9) ns: one epoch
 *   far     everything after the epoch
 *
 * The parts are ordered in time: heap and run, then fine, coarse, far. Sorting
 * happens in pieces of about eight entries that lie in the cache. A calendar of
 * up to 64 entries lives in the heap alone, as if its one bucket had no end.
 * The width follows the load: 64 activations with a mean outside 4..32 entries,
 * a heap that swells, or epochs that scan more than they deliver lead to a
 * rebuild, at most one for as many pops as there are entries. */
#include "sim/calendar.h"
#include "base/assert.h"
#include "base/units.h"
#include "sim/calendar_order.h"
#include <stdlib.h>
#include <string.h>

enum {
    FINE = 512,
    FINE_BITS = 9,
    COARSE = 4096,
    CHUNK = 8,           /* entries: 256 bytes, four cache lines in a row */
    SEGMENT = 8192,      /* chunks allocated together: 2 MiB */
    SEGMENTS_MAX = 8192, /* 2^29 entries */
    BUCKETS = FINE + COARSE + 1,
    SMALL_MAX = 64,   /* more: buckets */
    SMALL_AGAIN = 32, /* fewer: the heap alone */
    HEAP_SWOLLEN = 512,
    OCCUPANCY = 8, /* aimed at */
    OCCUPANCY_MIN = 4,
    OCCUPANCY_MAX = 32,
    WINDOW = 64, /* activations between two looks at the occupancy */
    SAMPLE = 64,
    SHIFT_MAX = 40,
    WIDEN_BITS = 3,
    NO_CHUNK = -1,
};

/* A list of chunks of which only the first may be partly filled. */
struct bucket {
    uint32_t chunk, count;
};

struct segment {
    struct calendar_entry entries[SEGMENT][CHUNK];
    uint32_t next[SEGMENT];
};

struct calendar {
    int64_t now_ns;
    uint64_t last_key; /* of the last pop, to find twins */
    uint64_t count;

    struct calendar_entry *run, *scratch; /* both have room for every entry: a rebuild needs it */
    uint64_t run_head, run_end, run_room;
    struct calendar_entry *heap;
    uint64_t heap_count, heap_room;

    uint64_t active_end_ns; /* before it: heap; UINT64_MAX while small */
    uint64_t coarse_now, epoch_first;
    unsigned shift;
    uint64_t fine_bits[FINE / 64], coarse_bits[COARSE / 64];
    struct bucket fine[FINE], coarse[COARSE], far;

    struct segment *segments[SEGMENTS_MAX];
    uint32_t segment_count, free_chunk;

    uint64_t pops_since_rebuild;
    uint64_t window_buckets, window_entries, window_from_ns;
};

/* -- memory -- */

static void segment_link(struct calendar *cal, uint32_t index)
{
    struct segment *segment = cal->segments[index];
    for (uint32_t i = SEGMENT; i-- > 0;) {
        segment->next[i] = cal->free_chunk;
        cal->free_chunk = index * SEGMENT + i;
    }
}

/* As many chunks as any distribution of `count` entries over the buckets can use. */
static err chunks_reserve(struct calendar *cal, uint64_t count)
{
    if (count <= SMALL_MAX) return OK;
    while ((uint64_t)cal->segment_count * SEGMENT < count / CHUNK + BUCKETS + 1) {
        if (cal->segment_count == SEGMENTS_MAX) return ERR_NOMEM;
        struct segment *segment = aligned_alloc(64, sizeof *segment);
        if (!segment) return ERR_NOMEM;
        cal->segments[cal->segment_count] = segment;
        segment_link(cal, cal->segment_count++);
    }
    return OK;
}

static err entries_grow(struct calendar_entry **entries, uint64_t room)
{
    struct calendar_entry *grown = realloc(*entries, room * sizeof **entries);
    if (!grown) return ERR_NOMEM;
    *entries = grown;
    return OK;
}

static err reserve(struct calendar *cal, uint64_t count)
{
    TRY(chunks_reserve(cal, count));
    if (cal->heap_count == cal->heap_room) {
        TRY(entries_grow(&cal->heap, cal->heap_room * 2));
        cal->heap_room *= 2;
    }
    if (count <= cal->run_room) return OK;
    TRY(entries_grow(&cal->run, cal->run_room * 2));
    TRY(entries_grow(&cal->scratch, cal->run_room * 2));
    cal->run_room *= 2;
    return OK;
}

err calendar_open(struct calendar **out)
{
    struct calendar *cal = calloc(1, sizeof *cal);
    if (!cal) return ERR_NOMEM;
    cal->run_room = cal->heap_room = SMALL_MAX * 2;
    cal->run = calloc(cal->run_room, sizeof *cal->run);
    cal->scratch = calloc(cal->run_room, sizeof *cal->scratch);
    cal->heap = calloc(cal->heap_room, sizeof *cal->heap);
    if (!cal->run || !cal->scratch || !cal->heap) {
        calendar_free(cal);
        return ERR_NOMEM;
    }
    cal->last_key = UINT64_MAX;
    cal->active_end_ns = UINT64_MAX;
    cal->free_chunk = (uint32_t)NO_CHUNK;
    *out = cal;
    return OK;
}

void calendar_free(struct calendar *cal)
{
    if (!cal) return;
    for (uint32_t i = 0; i < cal->segment_count; i++) free(cal->segments[i]);
    free(cal->heap);
    free(cal->scratch);
    free(cal->run);
    free(cal);
}

/* -- buckets -- */

static void bucket_add(struct calendar *cal, struct bucket *bucket, const struct calendar_entry *entry)
{
    uint32_t used = bucket->count++ % CHUNK;
    if (used == 0) {
        uint32_t fresh = cal->free_chunk;
        ASSERT(fresh != (uint32_t)NO_CHUNK); /* reserved by calendar_add */
        uint32_t *next = &cal->segments[fresh / SEGMENT]->next[fresh % SEGMENT];
        cal->free_chunk = *next;
        *next = bucket->chunk;
        bucket->chunk = fresh;
    }
    cal->segments[bucket->chunk / SEGMENT]->entries[bucket->chunk % SEGMENT][used] = *entry;
}

/* Takes the newest chunk out of a bucket that is not empty: entries copied to `out`, their number returned.
 */
static uint32_t bucket_take(struct calendar *cal, struct bucket *bucket, struct calendar_entry *out)
{
    uint32_t taken = (bucket->count - 1) % CHUNK + 1, chunk = bucket->chunk;
    struct segment *segment = cal->segments[chunk / SEGMENT];
    memcpy(out, segment->entries[chunk % SEGMENT], taken * sizeof *out);
    bucket->chunk = segment->next[chunk % SEGMENT];
    bucket->count -= taken;
    segment->next[chunk % SEGMENT] = cal->free_chunk;
    cal->free_chunk = chunk;
    return taken;
}

static uint64_t bucket_drain(struct calendar *cal, struct bucket *bucket, struct calendar_entry *out)
{
    uint64_t drained = 0;
    while (bucket->count) drained += bucket_take(cal, bucket, out + drained);
    return drained;
}

/* Index of the first set bit; words * 64 when there is none. */
static uint32_t bits_first(const uint64_t *bits, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++)
        if (bits[i]) return i * 64 + (uint32_t)__builtin_ctzll(bits[i]);
    return words * 64;
}

static void bits_clear(uint64_t *bits, uint32_t index)
{
    bits[index / 64] &= ~(UINT64_C(1) << index % 64);
}

static inline void place(struct calendar *cal, const struct calendar_entry *entry)
{
    uint64_t at_ns = (uint64_t)entry->at_ns;
    uint64_t fine = at_ns >> cal->shift, coarse = fine >> FINE_BITS;
    if (at_ns < cal->active_end_ns) {
        calendar_heap_push(cal->heap, cal->heap_count++, entry);
    } else if (coarse == cal->coarse_now) {
        fine %= FINE;
        cal->fine_bits[fine / 64] |= UINT64_C(1) << fine % 64;
        bucket_add(cal, &cal->fine[fine], entry);
    } else if (coarse - cal->epoch_first < COARSE) {
        coarse -= cal->epoch_first;
        cal->coarse_bits[coarse / 64] |= UINT64_C(1) << coarse % 64;
        bucket_add(cal, &cal->coarse[coarse], entry);
    } else {
        bucket_add(cal, &cal->far, entry);
    }
}

/* -- width -- */

static unsigned shift_for(uint64_t span_ns, uint64_t entries)
{
    uint64_t width = (uint64_t)((u128)span_ns * OCCUPANCY / entries);
    unsigned shift = width ? 63 - (unsigned)__builtin_clzll(width) : 0;
    return shift < SHIFT_MAX ? shift : SHIFT_MAX;
}

/* The width that suits the density of the earliest quarter (or more, if that is one instant). */
static unsigned shift_sampled(const struct calendar_entry *entries, uint64_t count)
{
    struct calendar_entry sample[SAMPLE], scratch[SAMPLE];
    for (uint64_t i = 0; i < SAMPLE; i++) sample[i] = entries[(uint64_t)((u128)i * count / SAMPLE)];
    const struct calendar_entry *sorted = calendar_sort(sample, scratch, SAMPLE);
    for (uint64_t rank = SAMPLE / 4; rank < SAMPLE; rank += SAMPLE / 4) {
        uint64_t span_ns = (uint64_t)(sorted[rank].at_ns - sorted[0].at_ns);
        if (span_ns) return shift_for(span_ns, (uint64_t)((u128)rank * count / SAMPLE) + 1);
    }
    return 0;
}

/* -- rebuild -- */

/* Everything that waits, in any order, to run[0 .. count). */
static void gather(struct calendar *cal)
{
    uint64_t filled = cal->run_end - cal->run_head;
    memmove(cal->run, cal->run + cal->run_head, filled * sizeof *cal->run);
    memcpy(cal->run + filled, cal->heap, cal->heap_count * sizeof *cal->run);
    filled += cal->heap_count;
    for (uint32_t i; (i = bits_first(cal->fine_bits, FINE / 64)) < FINE; bits_clear(cal->fine_bits, i))
        filled += bucket_drain(cal, &cal->fine[i], cal->run + filled);
    for (uint32_t i; (i = bits_first(cal->coarse_bits, COARSE / 64)) < COARSE;
         bits_clear(cal->coarse_bits, i))
        filled += bucket_drain(cal, &cal->coarse[i], cal->run + filled);
    filled += bucket_drain(cal, &cal->far, cal->run + filled);
    ASSERT(filled == cal->count);
    cal->run_head = cal->run_end = cal->heap_count = 0;
}

static uint64_t earliest_ns(const struct calendar_entry *entries, uint64_t count)
{
    int64_t earliest = entries[0].at_ns;
    for (uint64_t i = 1; i < count; i++)
        if (entries[i].at_ns < earliest) earliest = entries[i].at_ns;
    return (uint64_t)earliest;
}

/* Spreads gathered entries; they leave `run` for buckets, or for the heap when they are few. */
static void spread(struct calendar *cal, unsigned shift)
{
    uint64_t first_ns = earliest_ns(cal->run, cal->count);
    bool small = cal->count <= SMALL_AGAIN;
    cal->shift = shift;
    cal->coarse_now = cal->epoch_first = first_ns >> shift >> FINE_BITS;
    cal->active_end_ns = small ? UINT64_MAX : first_ns >> shift << shift;
    for (uint64_t i = 0; i < cal->count; i++) place(cal, &cal->run[i]);
    cal->pops_since_rebuild = 0;
    cal->window_buckets = cal->window_entries = 0;
    cal->window_from_ns = first_ns;
}

static void rebuild_sampled(struct calendar *cal)
{
    gather(cal);
    spread(cal, shift_sampled(cal->run, cal->count));
}

/* -- activation -- */

/* True when the width no longer fits and has been changed. */
static bool adapt(struct calendar *cal, uint64_t bucket_ns)
{
    if (cal->window_buckets < WINDOW) return false;
    uint64_t entries = cal->window_entries, span_ns = bucket_ns - cal->window_from_ns;
    bool fits = entries >= WINDOW * OCCUPANCY_MIN && entries <= WINDOW * OCCUPANCY_MAX;
    cal->window_buckets = cal->window_entries = 0;
    cal->window_from_ns = bucket_ns;
    if (fits || cal->pops_since_rebuild < cal->count) return false;
    unsigned shift = shift_for(span_ns, entries);
    if (shift == cal->shift) return false;
    gather(cal);
    spread(cal, shift);
    return true;
}

static void sort_fine(struct calendar *cal, uint32_t index)
{
    uint64_t bucket_ns = ((cal->coarse_now << FINE_BITS) + index) << cal->shift;
    if (adapt(cal, bucket_ns)) return;
    uint64_t entries = bucket_drain(cal, &cal->fine[index], cal->run);
    bits_clear(cal->fine_bits, index);
    struct calendar_entry *sorted = calendar_sort(cal->run, cal->scratch, entries);
    if (sorted != cal->run) {
        cal->scratch = cal->run;
        cal->run = sorted;
    }
    cal->run_head = 0;
    cal->run_end = entries;
    cal->active_end_ns = bucket_ns + (UINT64_C(1) << cal->shift);
    cal->window_buckets++;
    cal->window_entries += entries;
}

static void spread_coarse(struct calendar *cal, uint32_t index)
{
    struct calendar_entry entries[CHUNK];
    struct bucket bucket = cal->coarse[index];
    cal->coarse[index] = (struct bucket){0};
    bits_clear(cal->coarse_bits, index);
    cal->coarse_now = cal->epoch_first + index;
    cal->active_end_ns = cal->coarse_now << FINE_BITS << cal->shift;
    while (bucket.count) {
        uint32_t taken = bucket_take(cal, &bucket, entries);
        for (uint32_t i = 0; i < taken; i++) place(cal, &entries[i]);
    }
}

/* The epoch is over and only far entries are left: begin the next where they begin. */
static void next_epoch(struct calendar *cal)
{
    bool scans_too_much = cal->count / 4 > cal->pops_since_rebuild;
    unsigned shift = cal->shift + (scans_too_much ? WIDEN_BITS : 0);
    gather(cal);
    spread(cal, shift < SHIFT_MAX ? shift : SHIFT_MAX);
}

/* Makes heap or run hold the earliest entry; false when there is none. */
static bool activate(struct calendar *cal)
{
    if (cal->count == 0) return false;
    if (cal->count <= SMALL_AGAIN) {
        gather(cal);
        spread(cal, cal->shift);
    }
    while (cal->run_head == cal->run_end && cal->heap_count == 0) {
        uint32_t fine = bits_first(cal->fine_bits, FINE / 64);
        uint32_t coarse = fine < FINE ? COARSE : bits_first(cal->coarse_bits, COARSE / 64);
        if (fine < FINE)
            sort_fine(cal, fine);
        else if (coarse < COARSE)
            spread_coarse(cal, coarse);
        else
            next_epoch(cal);
    }
    return true;
}

/* -- the queue -- */

err calendar_add(struct calendar *cal, const struct calendar_entry *entry)
{
    ASSERT(entry->at_ns >= cal->now_ns);
    ASSERT(entry->at_ns < NEVER_NS);
    if (cal->count >= cal->run_room || cal->heap_count == cal->heap_room || cal->count % CHUNK == 0)
        TRY(reserve(cal, cal->count + CHUNK));
    cal->count++;
    place(cal, entry);
    bool outgrown = cal->heap_count > SMALL_MAX && cal->active_end_ns == UINT64_MAX;
    bool swollen = cal->heap_count > HEAP_SWOLLEN && cal->pops_since_rebuild >= cal->count;
    if (outgrown || swollen) rebuild_sampled(cal);
    return OK;
}

bool calendar_pop(struct calendar *cal, struct calendar_entry *out)
{
    bool has_run = cal->run_head < cal->run_end;
    if (!has_run && cal->heap_count == 0) {
        if (!activate(cal)) return false;
        has_run = cal->run_head < cal->run_end;
    }
    if (has_run && (cal->heap_count == 0 || calendar_before(&cal->run[cal->run_head], &cal->heap[0]))) {
        *out = cal->run[cal->run_head++];
    } else {
        *out = cal->heap[0];
        calendar_heap_pop(cal->heap, cal->heap_count--);
    }
    ASSERT(out->at_ns != cal->now_ns ||
           out->key != cal->last_key); /* twins: a tie would be decided by chance */
    cal->now_ns = out->at_ns;
    cal->last_key = out->key;
    cal->count--;
    cal->pops_since_rebuild++;
    return true;
}

int64_t calendar_next_ns(struct calendar *cal)
{
    if (cal->run_head == cal->run_end && cal->heap_count == 0 && !activate(cal)) return NEVER_NS;
    int64_t run_ns = cal->run_head < cal->run_end ? cal->run[cal->run_head].at_ns : NEVER_NS;
    return cal->heap_count && cal->heap[0].at_ns < run_ns ? cal->heap[0].at_ns : run_ns;
}

int64_t calendar_now_ns(const struct calendar *cal)
{
    return cal->now_ns;
}

uint64_t calendar_count(const struct calendar *cal)
{
    return cal->count;
}
