/* base/heap.c: a binary heap that knows where each handle is. */
#include "base/heap.h"
#include "base/assert.h"

size_t heap_bytes(uint32_t handle_count)
{
    return arena_array_bytes(handle_count, sizeof(int64_t)) +
           2 * arena_array_bytes(handle_count, sizeof(uint32_t));
}

err heap_init(struct deadline_heap *out, struct arena *arena, uint32_t handle_count)
{
    int64_t *keys = arena_array(arena, handle_count, sizeof *keys);
    uint32_t *heap = arena_array(arena, handle_count, sizeof *heap);
    uint32_t *position = arena_array(arena, handle_count, sizeof *position);
    if (!keys || !heap || !position) return ERR_NOMEM;
    *out = (struct deadline_heap){
        .key_of_handle = keys, .heap = heap, .position = position, .handle_count = handle_count};
    return OK;
}

static bool fires_before(const struct deadline_heap *heap, uint32_t a, uint32_t b)
{
    int64_t key_a = heap->key_of_handle[a], key_b = heap->key_of_handle[b];
    return key_a != key_b ? key_a < key_b : a < b;
}

static void place(struct deadline_heap *heap, uint32_t at, uint32_t handle)
{
    heap->heap[at] = handle;
    heap->position[handle] = at + 1;
}

/* Moves the hole at `at` up until `handle` may stand in it. */
static uint32_t sift_up(struct deadline_heap *heap, uint32_t at, uint32_t handle)
{
    while (at > 0) {
        uint32_t parent = (at - 1) / 2;
        if (!fires_before(heap, handle, heap->heap[parent])) break;
        place(heap, at, heap->heap[parent]);
        at = parent;
    }
    place(heap, at, handle);
    return at;
}

static void sift_down(struct deadline_heap *heap, uint32_t at, uint32_t handle)
{
    for (uint32_t child; (child = 2 * at + 1) < heap->count; at = child) {
        if (child + 1 < heap->count && fires_before(heap, heap->heap[child + 1], heap->heap[child])) child++;
        if (!fires_before(heap, heap->heap[child], handle)) break;
        place(heap, at, heap->heap[child]);
    }
    place(heap, at, handle);
}

void heap_set(struct deadline_heap *heap, uint32_t handle, int64_t key)
{
    ASSERT(handle < heap->handle_count);
    uint32_t position = heap->position[handle];
    uint32_t at = position ? position - 1 : heap->count++;
    heap->key_of_handle[handle] = key;
    if (sift_up(heap, at, handle) == at) sift_down(heap, at, handle);
}

bool heap_remove(struct deadline_heap *heap, uint32_t handle)
{
    ASSERT(handle < heap->handle_count);
    if (!heap->position[handle]) return false;
    uint32_t at = heap->position[handle] - 1;
    uint32_t last = heap->heap[--heap->count];
    heap->position[handle] = 0;
    /* The last one fills the hole; it may belong above it or below. */
    if (last != handle && sift_up(heap, at, last) == at) sift_down(heap, at, last);
    return true;
}

bool heap_find(const struct deadline_heap *heap, uint32_t handle, int64_t *key_out)
{
    ASSERT(handle < heap->handle_count);
    if (!heap->position[handle]) return false;
    *key_out = heap->key_of_handle[handle];
    return true;
}

bool heap_top(const struct deadline_heap *heap, uint32_t *handle_out, int64_t *key_out)
{
    if (!heap->count) return false;
    *handle_out = heap->heap[0];
    *key_out = heap->key_of_handle[heap->heap[0]];
    return true;
}
