/* engine/image.c: the engine without its pointers, then the tables as far as they are in use. */
#include "engine/image.h"
#include "engine/state.h"
#include <string.h>

/* Raise the version when a field changes its meaning and not its size. */
enum { IMAGE_VERSION = 1 };
#define IMAGE_MAGIC UINT64_C(0x47414d49434e4741) /* "AGNCIMAG" */

static const uint32_t LAYOUT[] = {
    IMAGE_VERSION,
    sizeof(struct engine),
    sizeof(struct task),
    sizeof(struct edge),
    sizeof(struct agent),
    LIMIT_DEPTH,
    offsetof(struct engine, now_ns),
    offsetof(struct engine, breaker),
};

/* Fields of the engine that point into its arena: those of the reader stay. */
static void keep_pointers(struct engine *to, const struct engine *own)
{
    to->effects = NULL;
    to->tasks = own->tasks;
    to->edges = own->edges;
    to->agents = own->agents;
    to->task_of_id = own->task_of_id;
    to->agent_of_id = own->agent_of_id;
    to->scratch = own->scratch;
    to->sort_keys = own->sort_keys;
    to->sort_spare = own->sort_spare;
    to->sweep = own->sweep;
    to->deadlines = own->deadlines;
    to->dirty_queues = own->dirty_queues;
    to->dirty_flags = own->dirty_flags;
}

static size_t record_bytes(const struct engine *engine)
{
    return engine->fresh_task * sizeof(struct task) + engine->fresh_edge * sizeof(struct edge) +
           engine->agent_count * sizeof(struct agent);
}

static size_t heap_entry_bytes(void)
{
    return sizeof(uint32_t) + sizeof(int64_t);
}

struct engine_limits engine_limits(const struct engine *engine)
{
    return engine->limits;
}

const struct settings *engine_settings(const struct engine *engine)
{
    return &engine->settings;
}

size_t engine_image_bytes(const struct engine *engine)
{
    return 8 + sizeof LAYOUT + sizeof engine->limits + sizeof *engine + record_bytes(engine) + 4 +
           engine->deadlines.count * heap_entry_bytes();
}

static err put(struct codec_out *out, const void *bytes, size_t size)
{
    if (out->capacity - out->used < size) return ERR_LIMIT;
    memcpy(out->bytes + out->used, bytes, size);
    out->used += size;
    return OK;
}

static err get(struct codec_in *in, void *bytes, size_t size)
{
    if (in->size - in->used < size) return ERR_SYNTAX;
    memcpy(bytes, in->bytes + in->used, size);
    in->used += size;
    return OK;
}

err engine_image_write(const struct engine *engine, struct codec_out *out)
{
    const struct deadline_heap *heap = &engine->deadlines;
    TRY(codec_write_number(out, IMAGE_MAGIC, 8));
    TRY(put(out, LAYOUT, sizeof LAYOUT));
    TRY(put(out, &engine->limits, sizeof engine->limits));
    TRY(put(out, engine, sizeof *engine));
    TRY(put(out, engine->tasks, engine->fresh_task * sizeof *engine->tasks));
    TRY(put(out, engine->edges, engine->fresh_edge * sizeof *engine->edges));
    TRY(put(out, engine->agents, engine->agent_count * sizeof *engine->agents));
    TRY(codec_write_number(out, heap->count, 4));
    for (uint32_t i = 0; i < heap->count; i++) {
        TRY(codec_write_number(out, heap->heap[i], 4));
        TRY(codec_write_number(out, (uint64_t)heap->key_of_handle[heap->heap[i]], 8));
    }
    return OK;
}

/* ---- reading ---- */

static err read_limits(struct codec_in *in, struct engine_limits *out)
{
    uint64_t magic;
    uint32_t layout[sizeof LAYOUT / sizeof *LAYOUT];
    if (codec_read_number(in, 8, &magic) != OK || magic != IMAGE_MAGIC) return ERR_SYNTAX;
    TRY(get(in, layout, sizeof layout));
    if (memcmp(layout, LAYOUT, sizeof layout) != 0) return ERR_CONFLICT;
    return get(in, out, sizeof *out);
}

err engine_image_limits(const struct codec_in *in, struct engine_limits *out)
{
    struct codec_in from = *in;
    return read_limits(&from, out);
}

static err read_records(struct engine *engine, struct codec_in *in)
{
    const struct engine_limits *limits = &engine->limits;
    if (engine->fresh_task > limits->tasks || engine->fresh_edge > limits->edges ||
        engine->agent_count > limits->agents)
        return ERR_SYNTAX;
    TRY(get(in, engine->tasks, engine->fresh_task * sizeof *engine->tasks));
    TRY(get(in, engine->edges, engine->fresh_edge * sizeof *engine->edges));
    return get(in, engine->agents, engine->agent_count * sizeof *engine->agents);
}

static err index_ids(struct engine *engine)
{
    for (uint32_t slot = 0; slot < engine->fresh_task; slot++) {
        const struct task *task = &engine->tasks[slot];
        if (!(task->flags & TASK_USED)) continue;
        if (table_insert(&engine->task_of_id, task->id, slot) != OK) return ERR_SYNTAX;
    }
    for (uint32_t i = 0; i < engine->agent_count; i++)
        if (table_insert(&engine->agent_of_id, engine->agents[i].id, i) != OK) return ERR_SYNTAX;
    return OK;
}

static err read_deadlines(struct engine *engine, struct codec_in *in)
{
    uint64_t count, handle, key;
    TRY(codec_read_number(in, 4, &count));
    for (uint64_t i = 0; i < count; i++) {
        TRY(codec_read_number(in, 4, &handle));
        TRY(codec_read_number(in, 8, &key));
        if (handle >= engine->deadlines.handle_count) return ERR_SYNTAX;
        heap_set(&engine->deadlines, (uint32_t)handle, (int64_t)key);
    }
    return OK;
}

err engine_image_read(struct engine **out, struct arena *arena, struct codec_in *in)
{
    struct codec_in from = *in;
    struct engine_limits limits;
    struct engine image, *engine;
    TRY(read_limits(&from, &limits));
    TRY(get(&from, &image, sizeof image));
    if (memcmp(&limits, &image.limits, sizeof limits) != 0) return ERR_SYNTAX;
    TRY(engine_init(&engine, arena, &limits, &image.settings));
    keep_pointers(&image, engine);
    *engine = image;
    TRY(read_records(engine, &from));
    TRY(index_ids(engine));
    TRY(read_deadlines(engine, &from));
    *out = engine;
    *in = from;
    return OK;
}
