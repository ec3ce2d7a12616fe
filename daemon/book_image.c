/* daemon/book_image.c: the book as a file, for snapshots; what is reserved only is not in it.
 *
 * A head, agents, rollbacks, slashes, then the tasks: the live ones in order of id, the pruned ones in the
 * order of their pruning. Fields little-endian, one after the other, never the memory of a struct; at the
 * end the CRC-32C of everything before. Another layout has another version and is refused. */
#include "base/crc32c.h"
#include "daemon/book_own.h"
#include <stdlib.h>
#include <string.h>

enum { IMAGE_VERSION = 2, TEXTS = 7, TEXT_BYTES_MOST = 1 << 16, NO_TEXT = UINT32_MAX };
static const char MAGIC[8] = {'a', 'g', 'e', 'n', 'c', 'b', 'k', '\n'};

/* Both directions go through the same functions, so that they cannot differ in the order of fields. */
struct image {
    FILE *file;
    uint32_t crc;
    bool is_writing;
    err error; /* the first one; afterwards nothing is read or written */
};

static void bytes(struct image *image, void *at, size_t size)
{
    if (image->error != OK) return;
    size_t done = image->is_writing ? fwrite(at, 1, size, image->file) : fread(at, 1, size, image->file);
    if (done == size)
        image->crc = crc32c_add(image->crc, at, size);
    else
        image->error = image->is_writing || ferror(image->file) ? ERR_IO : ERR_SYNTAX;
}

static void u64(struct image *image, uint64_t *value)
{
    unsigned char raw[8];
    for (int i = 0; i < 8; i++) raw[i] = (unsigned char)(*value >> 8 * i);
    bytes(image, raw, sizeof raw);
    if (image->is_writing || image->error != OK) return;
    *value = 0;
    for (int i = 0; i < 8; i++) *value |= (uint64_t)raw[i] << 8 * i;
}

static void i64(struct image *image, int64_t *value)
{
    uint64_t raw = (uint64_t)*value;
    u64(image, &raw);
    *value = (int64_t)raw;
}

/* A number that must be below `bound`, as an index, count, enum or bool is. */
static uint32_t below(struct image *image, uint64_t value, uint64_t bound)
{
    u64(image, &value);
    if (image->error == OK && value >= bound) image->error = ERR_SYNTAX;
    return image->error == OK ? (uint32_t)value : 0;
}

#define ENUM(field, bound) ((field) = (__typeof__(field))below(image, (uint64_t)(field), (bound)))

/* ---- incidents and agents ---- */

static void undone_fields(struct image *image, struct book_undone *undone)
{
    u64(image, &undone->id);
    ENUM(undone->before, TASK_STATUS_COUNT);
    i64(image, &undone->wasted_ns);
    u64(image, &undone->released_lamports);
    u64(image, &undone->slashed_lamports);
}

static void rollback_fields(struct image *image, struct rollback *rollback)
{
    struct book_rollback *told = &rollback->told;
    u64(image, &told->number);
    u64(image, &told->root_id);
    u64(image, &told->agent_id);
    ENUM(told->reason, REASON_COUNT + 1);
    ENUM(told->size, UINT32_MAX);
    ENUM(told->victims, UINT32_MAX);
    ENUM(told->is_root_speculative, 2);
    i64(image, &told->began_ns);
    i64(image, &told->ended_ns);
    u64(image, &told->released_lamports);
    u64(image, &told->slashed_lamports);
    i64(image, &told->wasted_ns);
    ENUM(told->depth_most, UINT32_MAX);
    ENUM(told->undone_kept, BOOK_UNDONE_MOST + 1);
    for (uint32_t i = 0; i < told->undone_kept; i++) undone_fields(image, &rollback->undone[i]);
}

static void slash_fields(struct image *image, struct book_slash *slash)
{
    u64(image, &slash->number);
    u64(image, &slash->task_id);
    u64(image, &slash->agent_id);
    u64(image, &slash->rollback);
    ENUM(slash->reason, REASON_COUNT + 1);
    u64(image, &slash->bond_lamports);
    u64(image, &slash->amount_lamports);
    u64(image, &slash->treasury_lamports);
    u64(image, &slash->returned_lamports);
    i64(image, &slash->at_ns);
    i64(image, &slash->cooldown_until_ns);
}

/* Where a ring begins: its oldest is overwritten, or nothing before was known. */
static uint64_t first_kept(uint64_t first, uint64_t count, uint64_t kept)
{
    return count >= kept && count - kept + 1 > first ? count - kept + 1 : first;
}

/* What is written of a ring, or read into one of another size: its newest ones are what stays. */
static void range(struct image *image, uint64_t *first, uint64_t *count, uint64_t kept)
{
    if (image->is_writing) *first = first_kept(*first, *count, kept);
    u64(image, count);
    u64(image, first);
    bool is_range = *first > 0 && *count < UINT64_MAX && *first <= *count + 1;
    if (image->error == OK && !is_range) image->error = ERR_SYNTAX;
    if (image->error != OK) *count = *first = 0;
}

static void must_be(struct image *image, uint64_t found, uint64_t expected)
{
    if (image->error == OK && found != expected) image->error = ERR_SYNTAX;
}

static void incidents(struct image *image, struct book *book)
{
    uint32_t room = book->limits.kept_incidents;
    uint64_t first = book->rollback_first, count = book->rollback_count;
    range(image, &first, &count, room);
    for (uint64_t n = first; n <= count && image->error == OK; n++) {
        rollback_fields(image, &book->rollbacks[n % room]);
        must_be(image, book->rollbacks[n % room].told.number, n);
    }
    if (!image->is_writing) book->rollback_first = first, book->rollback_count = count;
    first = book->slash_first, count = book->slash_count;
    range(image, &first, &count, room);
    for (uint64_t n = first; n <= count && image->error == OK; n++) {
        slash_fields(image, &book->slashes[n % room]);
        must_be(image, book->slashes[n % room].number, n);
    }
    if (!image->is_writing) book->slash_first = first, book->slash_count = count;
}

static void agents(struct image *image, struct book *book)
{
    uint32_t count = below(image, book->agent_count, LIMIT_AGENTS + 1);
    for (uint32_t i = 0; i < count && image->error == OK; i++) {
        struct agent_name agent = image->is_writing ? book->agents[i] : (struct agent_name){0};
        u64(image, &agent.id);
        bytes(image, agent.text, sizeof agent.text);
        bool is_text = memchr(agent.text, 0, sizeof agent.text) != NULL;
        if (!is_text && image->error == OK) image->error = ERR_SYNTAX;
        if (!image->is_writing && image->error == OK) book_enter_agent(book, agent.id, agent.text);
    }
}

/* ---- tasks ---- */

static void task_numbers(struct image *image, struct record *record)
{
    struct book_task *task = &record->task;
    u64(image, &task->rollback);
    u64(image, &task->agent_id);
    ENUM(task->was_speculative, 2);
    ENUM(task->status, TASK_STATUS_COUNT);
    ENUM(task->waiting_for, WAIT_REASON_COUNT);
    ENUM(task->reason, REASON_COUNT + 1);
    ENUM(task->depth_at_admission, UINT32_MAX);
    ENUM(task->proof_attempts, UINT32_MAX);
    ENUM(task->worker, UINT32_MAX);
    u64(image, &task->bond_lamports);
    u64(image, &task->released_lamports);
    u64(image, &task->slashed_lamports);
    u64(image, &task->snapshot_bytes);
    u64(image, &task->slot);
    u64(image, &task->output_digest);
    ENUM(task->generator, PROOF_MOCK + 1);
    for (int i = 0; i < BOOK_MOMENTS; i++) i64(image, &task->at_ns[i]);
    ENUM(task->steps_lost, UINT32_MAX);
    ENUM(record->is_root, 2);
    uint64_t reference = (uint64_t)record->generation << 32 | record->slot;
    u64(image, &reference);
    record->generation = (uint32_t)(reference >> 32);
    record->slot = (uint32_t)reference;
}

static void step_fields(struct image *image, struct book_step *step)
{
    i64(image, &step->at_ns);
    uint64_t words = (uint64_t)step->kind | (uint64_t)step->from << 8 | (uint64_t)step->to << 16 |
                     (uint64_t)step->reason << 24;
    u64(image, &words);
    step->kind = (uint8_t)words;
    step->from = (uint8_t)(words >> 8);
    step->to = (uint8_t)(words >> 16);
    step->reason = (uint8_t)(words >> 24);
    u64(image, &step->amount);
}

static void steps(struct image *image, struct record *record)
{
    uint32_t count = ENUM(record->task.step_count, BOOK_TIMELINE_MOST + 1);
    if (!image->is_writing && count > 0) {
        record->step_capacity = count <= BOOK_STEPS_AT_FIRST ? BOOK_STEPS_AT_FIRST : BOOK_TIMELINE_MOST;
        record->steps = calloc(record->step_capacity, sizeof *record->steps);
        if (!record->steps) {
            image->error = ERR_NOMEM;
            record->task.step_count = 0;
            return;
        }
    }
    for (uint32_t i = 0; i < count; i++) step_fields(image, &record->steps[i]);
}

/* What a submission says, through a submission: reading enters it as one. */
static void submission_numbers(struct image *image, struct book_submission *submission)
{
    u64(image, &submission->id);
    u64(image, &submission->retry_of);
    ENUM(submission->fails, 2);
    i64(image, &submission->compute_ns);
    i64(image, &submission->priority);
    bytes(image, submission->digest, BOOK_DIGEST_BYTES);
    ENUM(submission->parent_count, LIMIT_PARENTS + 1);
    for (uint32_t i = 0; i < submission->parent_count; i++) {
        u64(image, &submission->parents[i]);
        ENUM(submission->edge_kinds[i], EDGE_KIND_COUNT);
    }
}

static void write_record(struct image *image, struct record *record)
{
    const struct book_task *task = &record->task;
    struct book_submission submission = {.id = task->id,
                                         .retry_of = task->retry_of,
                                         .fails = task->fails,
                                         .compute_ns = task->compute_ns,
                                         .priority = task->priority,
                                         .parent_count = task->parent_count};
    memcpy(submission.digest, record->digest, sizeof submission.digest);
    memcpy(submission.parents, task->parents, task->parent_count * sizeof *task->parents);
    memcpy(submission.edge_kinds, task->edge_kinds, task->parent_count);
    submission_numbers(image, &submission);
    const char *texts[TEXTS] = {task->name,   task->agent,    task->type, task->payload,
                                task->labels, task->trace_id, task->key};
    for (int i = 0; i < TEXTS; i++) {
        uint64_t size = texts[i] ? strlen(texts[i]) : NO_TEXT;
        u64(image, &size);
        if (texts[i]) bytes(image, (void *)(uintptr_t)texts[i], size);
    }
    task_numbers(image, record);
    steps(image, record);
}

static const char *read_text(struct image *image, char *room)
{
    uint64_t size = 0;
    u64(image, &size);
    if (size == NO_TEXT) return NULL;
    if (size >= TEXT_BYTES_MOST && image->error == OK) image->error = ERR_SYNTAX;
    if (image->error != OK) return NULL;
    bytes(image, room, size);
    room[size] = 0;
    if (strlen(room) != size && image->error == OK) image->error = ERR_SYNTAX;
    return room;
}

static void read_record(struct image *image, struct book *book, char *rooms, bool is_pruned)
{
    struct book_submission submission = {0};
    submission_numbers(image, &submission);
    const char **texts[TEXTS] = {&submission.name,    &submission.agent,  &submission.type,
                                 &submission.payload, &submission.labels, &submission.trace_id,
                                 &submission.key};
    for (int i = 0; i < TEXTS; i++) *texts[i] = read_text(image, rooms + (size_t)i * TEXT_BYTES_MOST);
    if (image->error != OK) return;
    struct record *record;
    if (submission.id == 0 || book_by_id(book, submission.id)) image->error = ERR_SYNTAX;
    if (image->error == OK) image->error = book_enter(book, &submission, &record);
    if (image->error != OK) return;
    record->task.is_reserved = false;
    task_numbers(image, record);
    steps(image, record);
    if (image->error != OK) record->slot = BOOK_NONE;
    if (record->slot < book->limits.tasks)
        book->of_slot[record->slot] = (uint32_t)(record - book->records);
    else
        record->slot = BOOK_NONE;
    if (is_pruned) book_pruned(book, record);
}

/* ---- the whole ---- */

static void write_tasks(struct image *image, struct book *book)
{
    uint64_t live = 0, pruned = book->pruned;
    for (uint32_t at = book->first; at != BOOK_NONE; at = book->records[at].after)
        live += !book->records[at].task.is_pruned && !book->records[at].task.is_reserved;
    u64(image, &pruned);
    u64(image, &live);
    for (uint32_t at = book->pruned_first; at != BOOK_NONE; at = book->records[at].pruned_after)
        write_record(image, &book->records[at]);
    for (uint32_t at = book->first; at != BOOK_NONE; at = book->records[at].after) {
        struct record *record = &book->records[at];
        if (!record->task.is_pruned && !record->task.is_reserved) write_record(image, record);
    }
}

static void read_tasks(struct image *image, struct book *book)
{
    char *rooms = malloc((size_t)TEXTS * TEXT_BYTES_MOST);
    if (!rooms) image->error = ERR_NOMEM;
    uint64_t pruned = 0, live = 0;
    u64(image, &pruned);
    u64(image, &live);
    for (uint64_t i = 0; i < pruned && image->error == OK; i++) read_record(image, book, rooms, true);
    for (uint64_t i = 0; i < live && image->error == OK; i++) read_record(image, book, rooms, false);
    free(rooms);
}

static int by_id(const void *a, const void *b, void *context)
{
    const struct record *records = context;
    uint64_t left = records[*(const uint32_t *)a].task.id, right = records[*(const uint32_t *)b].task.id;
    return (left > right) - (left < right);
}

/* They were linked as they came. */
static err put_in_order(struct book *book)
{
    uint32_t count = 0, *order = malloc(((size_t)book->live + book->pruned + 1) * sizeof *order);
    if (!order) return ERR_NOMEM;
    for (uint32_t at = book->first; at != BOOK_NONE; at = book->records[at].after) order[count++] = at;
    qsort_r(order, count, sizeof *order, by_id, book->records);
    book->first = book->last = BOOK_NONE;
    for (uint32_t i = 0; i < count; i++) book_link(book, &book->records[order[i]]);
    free(order);
    return OK;
}

static void head(struct image *image, struct book *book)
{
    char magic[sizeof MAGIC];
    memcpy(magic, MAGIC, sizeof magic);
    bytes(image, magic, sizeof magic);
    uint64_t version = IMAGE_VERSION;
    u64(image, &version);
    if (memcmp(magic, MAGIC, sizeof magic) != 0 || version != IMAGE_VERSION)
        if (image->error == OK) image->error = ERR_SYNTAX;
    u64(image, &book->last_noted);
    i64(image, &book->now_ns);
    i64(image, &book->cooldown_ns);
    ENUM(book->generator, PROOF_MOCK + 1);
}

static void seal(struct image *image)
{
    uint64_t expected = image->crc, found = image->crc;
    u64(image, &found);
    if (image->error == OK && found != expected) image->error = ERR_SYNTAX;
}

err book_save(const struct book *book, FILE *out)
{
    struct image image = {.file = out, .is_writing = true};
    /* Writing changes nothing: the functions take both directions. */
    struct book *source = (struct book *)(uintptr_t)book;
    head(&image, source);
    agents(&image, source);
    incidents(&image, source);
    write_tasks(&image, source);
    seal(&image);
    return image.error;
}

err book_load(struct book *book, FILE *in)
{
    struct image image = {.file = in};
    head(&image, book);
    agents(&image, book);
    incidents(&image, book);
    book->is_loading = true;
    read_tasks(&image, book);
    book->is_loading = false;
    seal(&image);
    if (image.error == OK) image.error = put_in_order(book);
    if (book->next_id <= book->last_noted) book->next_id = book->last_noted + 1;
    return image.error;
}
