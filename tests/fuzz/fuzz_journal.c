/* tests/fuzz/fuzz_journal.c: bytes as an event log, as they are and with their frames made good.
 *
 * As they are: read to the end, an error says where it is. With good frames (length, chain, checksum), so
 * that what is inside gets to the decoder: every event that is read can be written again, byte for byte, and
 * is stepped by an engine of the log's own settings; the state it leads to has no findings, and a rebuild
 * from it either ends in one that has none or says why not. */
#include "base/crc32c.h"
#include "engine/integrity.h"
#include "engine/recovery.h"
#include "tests/fuzz/fuzz.h"

enum { LOG_BYTES = 1 << 16, LIMIT_SMALL = 64 };

static void judge(const struct journal_diag *diag, size_t size)
{
    ASSERT(diag->fault > JOURNAL_GOOD && diag->fault < JOURNAL_FAULT_COUNT);
    ASSERT(diag->offset <= size);
    if (diag->fault == JOURNAL_BAD_RECORD) ASSERT(diag->field.field && diag->field.what);
}

static void read_as_it_is(const uint8_t *bytes, size_t size)
{
    struct journal_reader reader;
    struct journal_diag diag = {0};
    struct event event;
    enum journal_item item = JOURNAL_ITEM_EVENT;
    err e = journal_open(&reader, bytes, size, &diag);
    while (e == OK && item == JOURNAL_ITEM_EVENT) e = journal_next(&reader, &item, &event, &diag);
    if (e != OK) judge(&diag, size);
}

/* A header of a small engine, then each chunk of the input (its length in a byte) as the payload of an event
 * record in a good frame. */
static size_t frame_it(const uint8_t *bytes, size_t size, unsigned char *log)
{
    struct journal_chain chain = {0};
    struct codec_out out = {.bytes = log, .capacity = LOG_BYTES};
    const struct engine_limits limits = {.tasks = LIMIT_SMALL, .edges = LIMIT_SMALL, .agents = 4};
    struct settings settings;
    memset(&settings, 0, sizeof settings);
    settings.enabled = settings.checkpoint_interval = settings.batch_size = settings.queue_size = 1;
    settings.max_memory_bytes = INT64_MAX;
    settings.breaker_consecutive = settings.breaker_rate_min_tasks = settings.breaker_half_open_probes = 10;
    settings.breaker_rate_window_ns = NS_PER_S;
    settings.rollback_max_concurrent = settings.worker_threads = settings.max_concurrent_submissions = 2;
    settings.max_pending_operations = settings.max_state_snapshots = settings.max_locks = LIMIT_SMALL;
    settings.max_depth = settings.max_parallel_branches = 8;
    settings.confirmation_timeout_ns = settings.proof_timeout_ns = NS_PER_S;
    settings.cross_agent_speculation = settings.parallel_speculation = settings.optimistic_proofs = 1;
    settings.max_stake_lamports = INT64_MAX;
    settings.rollout_bps = (int64_t)BPS_ONE;
    err e = journal_write_header(&chain, &out, &limits, &settings);
    ASSERT(e == OK);
    while (size > 1 && LOG_BYTES - out.used > 512) {
        uint32_t length = bytes[0] < size - 1 ? bytes[0] : (uint32_t)(size - 1);
        struct codec_out frame = out;
        uint32_t word = (length + 1) | ~(length + 1) << 16;
        (void)!codec_write_number(&frame, word, 4);
        (void)!codec_write_number(&frame, 0, 4);
        (void)!codec_write_number(&frame, chain.sequence, 8);
        (void)!codec_write_number(&frame, JOURNAL_EVENT, 1);
        memcpy(log + frame.used, bytes + 1, length);
        uint32_t checksum = crc32c_add(0, &chain.checksum, 4);
        checksum = crc32c_add(checksum, log + out.used, 4);
        checksum = crc32c_add(checksum, log + out.used + 8, 8 + 1 + length);
        memcpy(log + out.used + 4, &checksum, 4);
        chain = (struct journal_chain){.sequence = chain.sequence + 1, .checksum = checksum};
        out.used = frame.used + length;
        bytes += 1 + length;
        size -= 1 + length;
    }
    return out.used;
}

static void written_again(void *context, const struct event *event, err answer)
{
    const struct replay *replay = context;
    unsigned char bytes[CODEC_EVENT_BYTES_MOST];
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    err e = codec_write_event(&out, event);
    ASSERT(e == OK && answer <= ERR_SYNTAX);
    const unsigned char *record = replay->reader.in.bytes + replay->reader.in.used - out.used;
    ASSERT(memcmp(record, bytes, out.used) == 0);
}

static void replay_it(const unsigned char *log, size_t size)
{
    struct arena arena;
    struct replay replay;
    struct journal_diag diag = {0};
    struct finding items[4];
    struct findings findings = {.items = items, .capacity = 4};
    uint64_t scratch[256];
    const struct engine_check check = {
        .level = CHECK_FULL, .scratch = scratch, .scratch_bytes = sizeof scratch};
    const struct engine_limits limits = {.tasks = LIMIT_SMALL, .edges = LIMIT_SMALL, .agents = 4};
    err e = arena_open(&arena, engine_memory_bytes(&limits));
    ASSERT(e == OK);
    e = replay_begin(&replay, &arena, log, size, &diag);
    ASSERT(e == OK);
    const struct replay_listener listener = {.context = &replay, .answer = written_again};
    while (e == OK && !replay.is_over) {
        e = replay_step(&replay, &diag, &listener);
        err checked = engine_check(replay.engine, &check, &findings);
        ASSERT(checked == OK && findings.count == 0);
    }
    if (e != OK) judge(&diag, size);
    arena_close(&arena);
}

static void rebuild_it(const unsigned char *log, size_t size)
{
    struct finding items[4];
    struct findings findings = {.items = items, .capacity = 4};
    struct recovery *job = calloc(1, sizeof *job);
    struct journal_diag diag;
    struct arena arena;
    size_t bytes;
    ASSERT(job);
    err e = recovery_memory_bytes(log, size, &bytes, &diag);
    ASSERT(e == OK);
    e = arena_open(&arena, bytes);
    ASSERT(e == OK);
    const struct recovery_order order = {
        .log = log, .log_bytes = size, .from_slot = size % 3, .arena = &arena, .findings = &findings};
    e = recovery_begin(job, &order);
    ASSERT(e == OK);
    while (e == OK && recovery_status(job)->phase < RECOVERY_DONE) e = recovery_advance(job, 5);
    ASSERT(e == OK || e == ERR_SYNTAX);
    ASSERT((recovery_engine(job) != NULL) == (e == OK));
    arena_close(&arena);
    free(job);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    static unsigned char log[LOG_BYTES];
    read_as_it_is(bytes, size_bytes);
    size_t size = frame_it(bytes, size_bytes, log);
    read_as_it_is(log, size);
    replay_it(log, size);
    rebuild_it(log, size);
    return 0;
}
