/* daemon/audit.c */
#include "daemon/audit.h"
#include "base/json_write.h"
#include "base/units.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 512, COLLECTED_BYTES = 1 << 20 };

struct audit {
    char path[PATH_BYTES];
    int file;
    bool is_renamed; /* it was full, and the next one could not be opened yet */
    uint64_t size_bytes, lost, suppressed;
    int64_t second; /* of CLOCK_MONOTONIC */
    uint32_t refused_in_second;
    char *lines;
    size_t lines_bytes;
    uint64_t line_count;
    FILE *out; /* collects into lines; NULL: nothing yet */
};

static err open_file(struct audit *audit, struct diag *diag)
{
    struct stat known = {0};
    int file = open(audit->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return diag_fail(diag, ERR_IO, "%s: %s", audit->path, strerror(errno));
    (void)fstat(file, &known); /* of a file that is open it cannot fail */
    if (audit->file >= 0) close(audit->file);
    audit->file = file;
    audit->size_bytes = (uint64_t)known.st_size;
    return OK;
}

err audit_open(struct audit **out, const char *data_dir, struct diag *diag)
{
    struct audit *audit = calloc(1, sizeof *audit);
    if (!audit) return ERR_NOMEM;
    audit->file = -1;
    err e = OK;
    if (snprintf(audit->path, sizeof audit->path, "%s/audit.log", data_dir) >= (int)sizeof audit->path)
        e = diag_fail(diag, ERR_RANGE, "%.128s: the path is too long", data_dir);
    if (e == OK) e = open_file(audit, diag);
    if (e != OK) {
        audit_free(audit);
        return e;
    }
    *out = audit;
    return OK;
}

/* audit.log.3 becomes .4, ... audit.log becomes .1. Without a descriptor to spare for the new file what comes
 * goes on into the old one, under its new name, and each flush tries again. */
static void rotate(struct audit *audit)
{
    char from[PATH_BYTES + 16], to[PATH_BYTES + 16];
    for (int i = AUDIT_KEPT - 1; i >= 0; i--) {
        snprintf(to, sizeof to, "%s.%d", audit->path, i + 1);
        snprintf(from, sizeof from, i ? "%s.%d" : "%s", audit->path, i);
        (void)rename(from, to);
    }
    audit->size_bytes = 0;
    audit->is_renamed = open_file(audit, NULL) != OK;
}

void audit_flush(struct audit *audit)
{
    if (!audit->out) return;
    bool is_whole = fclose(audit->out) == 0;
    audit->out = NULL;
    if (audit->is_renamed) audit->is_renamed = open_file(audit, NULL) != OK;
    size_t done = 0;
    while (done < audit->lines_bytes) {
        ssize_t written = write(audit->file, audit->lines + done, audit->lines_bytes - done);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) break;
        done += (size_t)written;
    }
    if (!is_whole || done < audit->lines_bytes) audit->lost += audit->line_count;
    audit->size_bytes += done;
    free(audit->lines);
    audit->lines = NULL;
    audit->lines_bytes = audit->line_count = 0;
    if (audit->size_bytes >= AUDIT_BYTES_MOST && !audit->is_renamed) rotate(audit);
}

void audit_free(struct audit *audit)
{
    if (!audit) return;
    audit_flush(audit);
    if (audit->file >= 0) close(audit->file);
    free(audit);
}

static bool is_too_many(struct audit *audit)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec != audit->second) audit->refused_in_second = 0;
    audit->second = now.tv_sec;
    if (audit->refused_in_second++ < AUDIT_REFUSED_PER_S) return false;
    audit->suppressed++;
    return true;
}

static void wall_time(char out[40])
{
    struct timespec now;
    struct tm parts;
    char seconds[24];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out, 40, "%s.%03uZ", seconds, (unsigned)(now.tv_nsec / NS_PER_MS) % 1000);
}

static void write_line(struct audit *audit, const struct audit_entry *entry)
{
    char at[40];
    struct json_writer out;
    wall_time(at);
    json_write_begin(&out, audit->out, JSON_ONE_LINE);
    json_write_object(&out, NULL);
    json_write_text(&out, "actor", entry->actor);
    if (entry->after) json_write_text(&out, "after", entry->after);
    json_write_text(&out, "at", at);
    if (entry->before) json_write_text(&out, "before", entry->before);
    if (entry->code) json_write_text(&out, "code", entry->code);
    json_write_text(&out, "method", entry->method);
    json_write_text(&out, "path", entry->path);
    if (entry->peer) json_write_text(&out, "peer", entry->peer);
    json_write_i64(&out, "status", entry->status);
    if (audit->suppressed) json_write_u64(&out, "suppressed", audit->suppressed);
    json_write_end(&out);
    json_write_finish(&out);
    audit->suppressed = 0;
}

void audit_write(struct audit *audit, const struct audit_entry *entry)
{
    if (entry->is_refused && is_too_many(audit)) return;
    if (audit->out && ftell(audit->out) > COLLECTED_BYTES) audit_flush(audit);
    if (!audit->out) audit->out = open_memstream(&audit->lines, &audit->lines_bytes);
    if (!audit->out) {
        audit->lost++;
        return;
    }
    audit->line_count++;
    write_line(audit, entry);
}

uint64_t audit_lost(const struct audit *audit)
{
    return audit->lost;
}
