/* daemon/wal.c: see the header. The thread owns the open file; the caller the list of segments. */
#include "daemon/wal.h"
#include "base/append.h"
#include "base/file.h"
#include "base/units.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SEGMENTS_MOST = 1 << 16, FRAME_BYTES = 16 };
#define SEGMENT_BYTES_MOST ((size_t)1 << 32)

struct segment {
    uint64_t first_record, bytes;
};

enum piece_state { PIECE_NONE, PIECE_GIVEN, PIECE_DONE };

struct wal {
    char folder[APPEND_PATH_BYTES];
    int lock, event;
    struct segment *segments;
    uint32_t segment_count;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    /* under the mutex */
    enum piece_state state;
    bool is_over;
    struct wal_piece piece;
    struct wal_result result;
    /* the thread's, while a piece is given */
    struct append_file file;
};

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static err segment_path(const struct wal *wal, uint64_t record, char out[APPEND_PATH_BYTES],
                        struct diag *diag)
{
    int size = snprintf(out, APPEND_PATH_BYTES, "%s/%020" PRIu64 ".log", wal->folder, record);
    return size < APPEND_PATH_BYTES ? OK
                                    : diag_fail(diag, ERR_RANGE, "%s: the path is too long", wal->folder);
}

/* ---- the folder ---- */

static err lock_folder(struct wal *wal, struct diag *diag)
{
    char path[APPEND_PATH_BYTES];
    if (mkdir(wal->folder, 0700) != 0 && errno != EEXIST)
        return diag_fail(diag, ERR_IO, "%s: cannot be made: %s", wal->folder, strerror(errno));
    int size = snprintf(path, sizeof path, "%s/lock", wal->folder);
    if (size >= (int)sizeof path) return diag_fail(diag, ERR_RANGE, "%s: the path is too long", wal->folder);
    wal->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (wal->lock < 0) return diag_fail(diag, ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    if (flock(wal->lock, LOCK_EX | LOCK_NB) != 0)
        return diag_fail(diag, ERR_CONFLICT, "%s: another agenc serve uses this folder", wal->folder);
    return OK;
}

static int by_first_record(const void *a, const void *b)
{
    uint64_t left = ((const struct segment *)a)->first_record,
             right = ((const struct segment *)b)->first_record;
    return (left > right) - (left < right);
}

static bool is_segment(const char *name, uint64_t *record)
{
    int used = 0;
    return strlen(name) == 24 && sscanf(name, "%20" SCNu64 ".log%n", record, &used) == 1 && used == 24;
}

static err add_segment(struct wal *wal, uint64_t first_record, uint64_t bytes)
{
    if (wal->segment_count == SEGMENTS_MOST) return ERR_LIMIT;
    wal->segments[wal->segment_count++] = (struct segment){first_record, bytes};
    return OK;
}

static err list_segments(struct wal *wal, struct diag *diag)
{
    DIR *folder = opendir(wal->folder);
    if (!folder) return diag_fail(diag, ERR_IO, "%s: cannot be read: %s", wal->folder, strerror(errno));
    err e = OK;
    for (struct dirent *entry; e == OK && (entry = readdir(folder));) {
        uint64_t record;
        struct stat status;
        char path[APPEND_PATH_BYTES];
        if (!is_segment(entry->d_name, &record)) continue;
        e = segment_path(wal, record, path, diag);
        if (e == OK && stat(path, &status) != 0) e = diag_fail(diag, ERR_IO, "%s: %s", path, strerror(errno));
        if (e == OK) e = add_segment(wal, record, (uint64_t)status.st_size);
    }
    closedir(folder);
    qsort(wal->segments, wal->segment_count, sizeof *wal->segments, by_first_record);
    return e;
}

err wal_open(struct wal **out, const char *folder, struct diag *diag)
{
    struct wal *wal = calloc(1, sizeof *wal);
    if (!wal) return ERR_NOMEM;
    wal->lock = wal->event = wal->file.descriptor = -1;
    pthread_mutex_init(&wal->mutex, NULL);
    pthread_cond_init(&wal->wake, NULL);
    wal->segments = calloc(SEGMENTS_MOST, sizeof *wal->segments);
    err e = wal->segments ? OK : ERR_NOMEM;
    if (strlen(folder) + 32 >= sizeof wal->folder)
        e = diag_fail(diag, ERR_RANGE, "%s: the path is too long", folder);
    if (e == OK) {
        memcpy(wal->folder, folder, strlen(folder) + 1);
        e = lock_folder(wal, diag);
    }
    if (e == OK) e = list_segments(wal, diag);
    if (e == OK) wal->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (e == OK && wal->event < 0) e = diag_fail(diag, ERR_IO, "eventfd: %s", strerror(errno));
    if (e != OK) wal_close(wal);
    if (e == OK) *out = wal;
    return e;
}

/* ---- reading ---- */

static uint32_t word_at(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint64_t sequence_at(const unsigned char *frame)
{
    return (uint64_t)word_at(frame + 8) | (uint64_t)word_at(frame + 12) << 32;
}

/* Where this record begins, or where the bytes stop being records: by the frames' lengths alone, which the
 * reader of the log checks in earnest. */
static size_t offset_of(const unsigned char *bytes, size_t size, uint64_t record)
{
    size_t at = 0;
    while (size - at >= FRAME_BYTES && sequence_at(bytes + at) < record) {
        size_t length = word_at(bytes + at) & 0xffff;
        if (size - at - FRAME_BYTES < length) return at;
        at += FRAME_BYTES + length;
    }
    return at;
}

static err append_segment(const struct wal *wal, uint32_t index, struct wal_bytes *out, struct diag *diag)
{
    char path[APPEND_PATH_BYTES];
    struct file_bytes file;
    TRY(segment_path(wal, wal->segments[index].first_record, path, diag));
    TRY(file_read(path, SEGMENT_BYTES_MOST, &file, diag));
    size_t size = file.size_bytes;
    if (index + 1 < wal->segment_count)
        size = offset_of((const unsigned char *)file.text, size, wal->segments[index + 1].first_record);
    unsigned char *grown = realloc(out->bytes, out->size + size + 1);
    if (!grown) {
        free(file.text);
        return ERR_NOMEM;
    }
    memcpy(grown + out->size, file.text, size);
    out->bytes = grown;
    out->size += size;
    free(file.text);
    return OK;
}

err wal_read(struct wal *wal, uint64_t record, struct wal_bytes *out, struct diag *diag)
{
    struct wal_bytes read = {.is_empty = wal->segment_count == 0};
    uint32_t first = 0;
    while (first + 1 < wal->segment_count && wal->segments[first + 1].first_record <= record) first++;
    err e = OK;
    for (uint32_t i = first; e == OK && i < wal->segment_count; i++) e = append_segment(wal, i, &read, diag);
    if (e != OK) {
        free(read.bytes);
        return e;
    }
    if (wal->segment_count) read.first_record = wal->segments[first].first_record;
    *out = read;
    return OK;
}

size_t wal_offset_of(const struct wal_bytes *read, uint64_t record)
{
    return offset_of(read->bytes, read->size, record);
}

uint64_t wal_first_record(const struct wal *wal)
{
    return wal->segment_count ? wal->segments[0].first_record : 0;
}

/* ---- the thread ---- */

static err open_segment(struct wal *wal, uint64_t record, struct diag *diag)
{
    char path[APPEND_PATH_BYTES];
    TRY(segment_path(wal, record, path, diag));
    append_close(&wal->file);
    TRY(append_open(&wal->file, path, diag));
    if (wal->file.size_bytes > 0) return append_cut(&wal->file, 0, diag); /* of a piece that failed before */
    return OK;
}

/* What a drill makes of the disk: it is slow, or says no. */
static bool meets_fault(const struct wal_piece *piece, struct wal_result *result)
{
    const struct timespec delay = {piece->delay_ns / NS_PER_S, piece->delay_ns % NS_PER_S};
    if (piece->delay_ns > 0) nanosleep(&delay, NULL);
    if (!piece->fault) return false;
    *result = (struct wal_result){.error = ERR_IO};
    snprintf(result->why, sizeof result->why, "the log: cannot write: %s (a fault that was armed)",
             piece->fault);
    return true;
}

static void write_piece(struct wal *wal, const struct wal_piece *piece, struct wal_result *result)
{
    if (meets_fault(piece, result)) return;
    struct diag diag = {0};
    int64_t began_ns = clock_ns(), wrote_ns;
    uint64_t before = wal->file.size_bytes;
    bool opens = piece->begins_segment || wal->file.is_broken || wal->file.descriptor < 0;
    err e = opens ? open_segment(wal, piece->first_record, &diag) : OK;
    if (opens) before = 0;
    if (e == OK) e = append_write(&wal->file, piece->bytes, piece->size, &diag);
    wrote_ns = clock_ns();
    if (e == OK) e = append_sync(&wal->file, &diag);
    if (e != OK && opens && !wal->file.is_broken) wal->file.is_broken = true; /* begin it once more */
    if (e != OK && wal->file.descriptor >= 0 && ftruncate(wal->file.descriptor, (off_t)before) != 0)
        wal->file.is_broken = true; /* what is behind is overruled by the next segment */
    *result =
        (struct wal_result){.error = e, .write_ns = wrote_ns - began_ns, .sync_ns = clock_ns() - wrote_ns};
    snprintf(result->why, sizeof result->why, "%.*s", (int)sizeof result->why - 1, diag.text);
}

static void *work(void *context)
{
    struct wal *wal = context;
    pthread_mutex_lock(&wal->mutex);
    for (;;) {
        while (wal->state != PIECE_GIVEN && !wal->is_over) pthread_cond_wait(&wal->wake, &wal->mutex);
        if (wal->state != PIECE_GIVEN) break;
        struct wal_piece piece = wal->piece;
        struct wal_result result;
        pthread_mutex_unlock(&wal->mutex);
        write_piece(wal, &piece, &result);
        pthread_mutex_lock(&wal->mutex);
        wal->result = result;
        wal->state = PIECE_DONE;
        ssize_t told = write(wal->event, &(uint64_t){1}, sizeof(uint64_t));
        (void)told; /* a counter that is full is readable all the same */
    }
    pthread_mutex_unlock(&wal->mutex);
    return NULL;
}

/* ---- writing ---- */

static err open_last(struct wal *wal, const struct wal_bytes *read, size_t keep_bytes, struct diag *diag)
{
    char path[APPEND_PATH_BYTES];
    struct segment *last = &wal->segments[wal->segment_count - 1];
    size_t at = offset_of(read->bytes, read->size, last->first_record);
    if (keep_bytes < at) return diag_fail(diag, ERR_SYNTAX, "%s: ends before its last segment", wal->folder);
    TRY(segment_path(wal, last->first_record, path, diag));
    TRY(append_open(&wal->file, path, diag));
    if (wal->file.size_bytes > keep_bytes - at) TRY(append_cut(&wal->file, keep_bytes - at, diag));
    last->bytes = keep_bytes - at;
    return OK;
}

err wal_begin(struct wal *wal, uint64_t record, const struct wal_bytes *read, size_t keep_bytes,
              struct diag *diag)
{
    char path[APPEND_PATH_BYTES];
    if (!read->is_empty) {
        TRY(open_last(wal, read, keep_bytes, diag));
    } else {
        TRY(segment_path(wal, record, path, diag));
        TRY(append_open(&wal->file, path, diag));
        TRY(add_segment(wal, record, 0));
    }
    if (pthread_create(&wal->thread, NULL, work, wal) != 0)
        return diag_fail(diag, ERR_NOMEM, "the log's thread cannot be started");
    wal->has_thread = true;
    return OK;
}

void wal_write(struct wal *wal, const struct wal_piece *piece)
{
    pthread_mutex_lock(&wal->mutex);
    wal->piece = *piece;
    wal->state = PIECE_GIVEN;
    pthread_cond_signal(&wal->wake);
    pthread_mutex_unlock(&wal->mutex);
}

int wal_fd(const struct wal *wal)
{
    return wal->event;
}

/* The present segment has grown, or there is a new one. */
static void count_piece(struct wal *wal)
{
    const struct wal_piece *piece = &wal->piece;
    struct segment *last = &wal->segments[wal->segment_count - 1];
    if (last->bytes + piece->size == wal->file.size_bytes) {
        last->bytes = wal->file.size_bytes;
        return;
    }
    if (last->first_record == piece->first_record) /* the same one, begun again */
        last->bytes = piece->size;
    else if (add_segment(wal, piece->first_record, piece->size) != OK)
        last->bytes += piece->size; /* it is in the folder, and will be listed at the next start */
}

bool wal_poll(struct wal *wal, struct wal_result *out)
{
    uint64_t told;
    pthread_mutex_lock(&wal->mutex);
    bool is_done = wal->state == PIECE_DONE;
    if (is_done) {
        ssize_t heard = read(wal->event, &told, sizeof told);
        (void)heard;
        wal->state = PIECE_NONE;
        *out = wal->result;
        if (out->error == OK) count_piece(wal);
    }
    pthread_mutex_unlock(&wal->mutex);
    return is_done;
}

uint64_t wal_segment_bytes(const struct wal *wal)
{
    return wal->segment_count ? wal->segments[wal->segment_count - 1].bytes : 0;
}

uint64_t wal_bytes(const struct wal *wal)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < wal->segment_count; i++) sum += wal->segments[i].bytes;
    return sum;
}

uint32_t wal_segments(const struct wal *wal)
{
    return wal->segment_count;
}

void wal_drop(struct wal *wal, uint64_t record, uint32_t kept)
{
    uint32_t count = 0;
    char path[APPEND_PATH_BYTES];
    while (wal->segment_count - count > kept && wal->segments[count + 1].first_record <= record &&
           segment_path(wal, wal->segments[count].first_record, path, NULL) == OK && unlink(path) == 0)
        count++;
    if (count == 0) return;
    wal->segment_count -= count;
    memmove(wal->segments, wal->segments + count, wal->segment_count * sizeof *wal->segments);
}

void wal_close(struct wal *wal)
{
    if (!wal) return;
    if (wal->has_thread) {
        pthread_mutex_lock(&wal->mutex);
        wal->is_over = true;
        pthread_cond_signal(&wal->wake);
        pthread_mutex_unlock(&wal->mutex);
        pthread_join(wal->thread, NULL);
    }
    append_close(&wal->file);
    if (wal->event >= 0) close(wal->event);
    if (wal->lock >= 0) close(wal->lock);
    pthread_mutex_destroy(&wal->mutex);
    pthread_cond_destroy(&wal->wake);
    free(wal->segments);
    free(wal);
}
