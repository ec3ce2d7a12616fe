/* daemon/service_snapshot.c: the state as a file, written by a child process from a picture of the memory.
 *
 * snapshot-NNN.img is the state before record NNN: the chain's place, the engine's image, the book's, a
 * checksum over all of it. The log is the truth; a snapshot saves reading it from its beginning, and allows
 * its oldest segments to be dropped. The last two are kept. */
#include "base/crc32c.h"
#include "base/file.h"
#include "daemon/service_state.h"
#include "engine/image.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SNAPSHOT_VERSION = 2, SNAPSHOTS_KEPT = 2, SNAPSHOTS_LISTED = 64, SNAPSHOT_FRONT = 56 };
#define SNAPSHOT_MAGIC      UINT64_C(0x50414e5343474741) /* "AGGCSNAP" */
#define SNAPSHOT_BYTES_MOST ((size_t)8 << 30)

/* ---- children ---- */

/* A child takes what the service leaves of the processor and, where the scheduler of the disk knows of it, of
 * the disk: who waits for an acknowledgement comes first. */
static void step_back(void)
{
    enum { WHO_PROCESS = 1, CLASS_IDLE = 3, CLASS_SHIFT = 13 }; /* of linux/ioprio.h */
    (void)!nice(19);
    syscall(SYS_ioprio_set, WHO_PROCESS, 0, CLASS_IDLE << CLASS_SHIFT);
}

/* What the service holds must not live on in a child: its lock, its sockets. */
static void let_go(int kept)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    step_back();
    if (kept > 3) close_range(3, (unsigned)kept - 1, 0);
    close_range((unsigned)kept + 1, ~0U, 0);
}

bool child_has_spoken(const struct child *child)
{
    struct pollfd asked = {.fd = child->pipe, .events = POLLIN};
    return child->pid > 0 && poll(&asked, 1, 0) > 0;
}

err child_start(struct service *service, struct child *child, void (*work)(struct service *, int out))
{
    int ends[2];
    struct epoll_event watch = {.events = EPOLLIN};
    if (child->pid > 0) return ERR_CONFLICT;
    if (pipe2(ends, O_CLOEXEC) != 0) return ERR_IO;
    pid_t pid = fork();
    if (pid == 0) {
        let_go(ends[1]);
        work(service, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return ERR_IO;
    }
    *child = (struct child){.pid = pid, .pipe = ends[0]};
    if (epoll_ctl(service->poll, EPOLL_CTL_ADD, ends[0], &watch) == 0) return OK;
    child_kill(service, child);
    return ERR_IO;
}

void child_kill(struct service *service, struct child *child)
{
    if (child->pid > 0) kill(child->pid, SIGKILL);
    child_end(service, child);
}

void child_end(struct service *service, struct child *child)
{
    if (child->pid <= 0) return;
    epoll_ctl(service->poll, EPOLL_CTL_DEL, child->pipe, NULL);
    close(child->pipe);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    child->pid = 0;
}

/* ---- writing ---- */

static void path_of(const struct service *service, uint64_t record, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/snapshot-%020" PRIu64 ".img", service->options.data_dir, record);
}

static err put_front(const struct service *service, struct codec_out *out, uint64_t engine_bytes)
{
    TRY(codec_write_number(out, SNAPSHOT_MAGIC, 8));
    TRY(codec_write_number(out, SNAPSHOT_VERSION, 8));
    TRY(codec_write_number(out, service->chain.sequence, 8));
    TRY(codec_write_number(out, service->chain.checksum, 8));
    TRY(codec_write_number(out, (uint64_t)service->last_ns, 8));
    TRY(codec_write_number(out, service->is_sealed, 8));
    return codec_write_number(out, engine_bytes, 8);
}

static err write_book(const struct service *service, FILE *stream, uint32_t *crc)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&bytes, &size);
    if (!memory) return ERR_NOMEM;
    err e = book_save(service->book, memory);
    if (fclose(memory) != 0 && e == OK) e = ERR_NOMEM;
    if (e == OK) {
        *crc = crc32c_add(*crc, bytes, size);
        fwrite(bytes, 1, size, stream);
    }
    free(bytes);
    return e;
}

static err write_parts(const struct service *service, FILE *stream)
{
    size_t engine_bytes = engine_image_bytes(service->engine);
    struct codec_out out = {.capacity = SNAPSHOT_FRONT + engine_bytes};
    uint32_t crc = 0;
    out.bytes = malloc(out.capacity);
    if (!out.bytes) return ERR_NOMEM;
    err e = put_front(service, &out, engine_bytes);
    if (e == OK) e = engine_image_write(service->engine, &out);
    if (e == OK) {
        crc = crc32c_add(crc, out.bytes, out.used);
        fwrite(out.bytes, 1, out.used, stream);
        e = write_book(service, stream, &crc);
    }
    const unsigned char closing[4] = {(unsigned char)crc, (unsigned char)(crc >> 8),
                                      (unsigned char)(crc >> 16), (unsigned char)(crc >> 24)};
    fwrite(closing, 1, sizeof closing, stream);
    free(out.bytes);
    return e;
}

static err write_snapshot(const struct service *service)
{
    char path[PATH_MAX];
    struct file_writer writer;
    struct diag diag = {0};
    path_of(service, service->chain.sequence, path);
    TRY(file_begin(&writer, path, &diag));
    err e = write_parts(service, writer.stream);
    if (e == OK) return file_commit(&writer, &diag);
    file_abandon(&writer);
    return e;
}

static void work(struct service *service, int out)
{
    char verdict = write_snapshot(service) == OK ? 'y' : 'n';
    ssize_t told = write(out, &verdict, 1);
    (void)told;
}

/* What is in memory is what the log says up to its chain: nothing is on its way to the disk. */
void snapshot_begin(struct service *service)
{
    if (child_start(service, &service->snapshot, work) != OK)
        say(service, LOG_WARN, "snapshot_failed", "no snapshot: its process could not be started", NULL);
}

/* ---- the folder ---- */

static int newest_first(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left < right) - (left > right);
}

static uint32_t list(const struct service *service, uint64_t records[SNAPSHOTS_LISTED])
{
    uint32_t count = 0;
    DIR *folder = opendir(service->options.data_dir);
    if (!folder) return 0;
    for (struct dirent *entry; count < SNAPSHOTS_LISTED && (entry = readdir(folder));) {
        int used = 0;
        if (strlen(entry->d_name) != 33) continue;
        if (sscanf(entry->d_name, "snapshot-%20" SCNu64 ".img%n", &records[count], &used) == 1 && used == 33)
            count++;
    }
    closedir(folder);
    qsort(records, count, sizeof *records, newest_first);
    return count;
}

/* Of a child that did not live to give it its name. */
void snapshot_sweep(const struct service *service)
{
    char path[PATH_MAX];
    DIR *folder = opendir(service->options.data_dir);
    if (!folder) return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        bool is_rest = strncmp(entry->d_name, "snapshot-", 9) == 0 && strstr(entry->d_name, ".img.");
        int size = snprintf(path, sizeof path, "%s/%s", service->options.data_dir, entry->d_name);
        if (is_rest && size < (int)sizeof path) unlink(path);
    }
    closedir(folder);
}

static void drop_old(struct service *service)
{
    char path[PATH_MAX];
    uint64_t records[SNAPSHOTS_LISTED];
    uint32_t count = list(service, records);
    for (uint32_t i = SNAPSHOTS_KEPT; i < count; i++) {
        path_of(service, records[i], path);
        unlink(path);
    }
    if (service->options.segments_kept > 0 && count >= SNAPSHOTS_KEPT)
        wal_drop(service->wal, records[SNAPSHOTS_KEPT - 1], service->options.segments_kept);
}

void snapshot_hear(struct service *service)
{
    char verdict = 'n';
    if (!child_has_spoken(&service->snapshot)) return;
    ssize_t heard = read(service->snapshot.pipe, &verdict, 1);
    child_end(service, &service->snapshot);
    if (heard == 1 && verdict == 'y') {
        service->snapshots++;
        drop_old(service);
    } else {
        say(service, LOG_WARN, "snapshot_failed", "a snapshot could not be written; the log has everything",
            NULL);
    }
}

/* ---- reading ---- */

static err read_front(struct codec_in *in, struct journal_chain *chain, int64_t *last_ns, bool *is_sealed)
{
    uint64_t magic, version, sequence, checksum, now_ns, sealed, engine_bytes;
    TRY(codec_read_number(in, 8, &magic));
    TRY(codec_read_number(in, 8, &version));
    if (magic != SNAPSHOT_MAGIC || version != SNAPSHOT_VERSION) return ERR_SYNTAX;
    TRY(codec_read_number(in, 8, &sequence));
    TRY(codec_read_number(in, 8, &checksum));
    TRY(codec_read_number(in, 8, &now_ns));
    TRY(codec_read_number(in, 8, &sealed));
    TRY(codec_read_number(in, 8, &engine_bytes));
    *chain = (struct journal_chain){.sequence = sequence, .checksum = (uint32_t)checksum};
    *last_ns = (int64_t)now_ns;
    *is_sealed = sealed == 1;
    return OK;
}

static err is_whole(const struct file_bytes *file)
{
    const unsigned char *bytes = (const unsigned char *)file->text;
    if (file->size_bytes < SNAPSHOT_FRONT + 4) return ERR_SYNTAX;
    size_t size = file->size_bytes - 4;
    uint32_t crc = (uint32_t)bytes[size] | (uint32_t)bytes[size + 1] << 8 | (uint32_t)bytes[size + 2] << 16 |
                   (uint32_t)bytes[size + 3] << 24;
    return crc32c_add(0, bytes, size) == crc ? OK : ERR_SYNTAX;
}

/* Nothing of an image is stepped before this has looked at it. */
static err check_state(const struct engine *engine)
{
    struct finding first;
    struct findings findings = {.items = &first, .capacity = 1};
    struct engine_check order = {.level = CHECK_FULL, .scratch_bytes = engine_check_bytes(engine)};
    order.scratch = malloc(order.scratch_bytes);
    if (!order.scratch) return ERR_NOMEM;
    err e = engine_check(engine, &order, &findings);
    free(order.scratch);
    return e == OK && findings.count > 0 ? ERR_SYNTAX : e;
}

static err read_book(struct service *service, struct codec_in *in, size_t size)
{
    FILE *stream = fmemopen((void *)(uintptr_t)(in->bytes + in->used), size - in->used, "rb");
    if (!stream) return ERR_NOMEM;
    err e = book_load(service->book, stream);
    fclose(stream);
    return e;
}

static err read_parts(struct service *service, const struct file_bytes *file, struct journal_chain *chain,
                      bool *is_sealed)
{
    struct engine_limits limits;
    struct codec_in in = {.bytes = (const unsigned char *)file->text, .size = file->size_bytes - 4};
    int64_t last_ns;
    TRY(is_whole(file));
    TRY(read_front(&in, chain, &last_ns, is_sealed));
    TRY(engine_image_limits(&in, &limits));
    TRY(arena_open(&service->arena, engine_memory_bytes(&limits)));
    TRY(engine_image_read(&service->engine, &service->arena, &in));
    TRY(check_state(service->engine));
    TRY(read_book(service, &in, file->size_bytes - 4));
    service->last_ns = last_ns;
    return OK;
}

/* After a part that could not be read everything is as it was. */
static void forget(struct service *service)
{
    arena_close(&service->arena);
    service->arena = (struct arena){0};
    service->engine = NULL;
    book_free(service->book);
    service->book = NULL;
    if (service_open_book(service) != OK) service->book = NULL;
}

static err load_one(struct service *service, uint64_t record, struct journal_chain *chain, bool *is_sealed)
{
    char path[PATH_MAX];
    struct file_bytes file;
    path_of(service, record, path);
    TRY(file_read(path, SNAPSHOT_BYTES_MOST, &file, NULL));
    err e = read_parts(service, &file, chain, is_sealed);
    if (e == OK && chain->sequence != record) e = ERR_SYNTAX;
    free(file.text);
    if (e == OK) return OK;
    forget(service);
    say(service, LOG_WARN, "snapshot_unreadable",
        "a snapshot cannot be used; an older one or the log is read",
        (struct log_field[]){log_text("path", path), log_text("why", err_text(e)), {0}});
    return service->book ? e : ERR_NOMEM;
}

err snapshot_load(struct service *service, struct journal_chain *chain, bool *is_sealed)
{
    uint64_t records[SNAPSHOTS_LISTED];
    uint32_t count = list(service, records);
    for (uint32_t i = 0; i < count; i++)
        if (load_one(service, records[i], chain, is_sealed) == OK) return OK;
    return ERR_STALE;
}
