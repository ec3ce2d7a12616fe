/* base/file.c: the temporary name, and the way back when anything fails. */
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_ATTEMPTS = 100, READ_STEP_BYTES = 1 << 16 };

/* What a person can do about it. */
static const char *remedy_for(int cause, bool is_read)
{
    switch (cause) {
    case ENOENT: return is_read ? "; check the path" : "; check the path, its folder must exist";
    case EACCES:
    case EPERM:
    case EROFS: return is_read ? "; ask for the right to read it" : "; choose a place you may use";
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return "; free some space or choose another disk";
    case EISDIR: return "; name a file in it";
    default: return "";
    }
}

static err fail_write(struct diag *diag, const char *path, int cause)
{
    return diag_fail(diag, ERR_IO, "cannot write %.256s: %s%s", path, strerror(cause),
                     remedy_for(cause, false));
}

static err fail_read(struct diag *diag, const char *path, int cause)
{
    return diag_fail(diag, ERR_IO, "cannot read %.256s: %s%s", path, strerror(cause),
                     remedy_for(cause, true));
}

/* Where a write to `path` really goes; a path that does not exist yet is its own answer. */
static char *resolve(const char *path)
{
    char *resolved = realpath(path, NULL);
    return resolved ? resolved : strdup(path);
}

/* The folder's real name and the last part, for a path that does not exist yet. NULL: there is no folder. */
static char *resolve_folder(const char *path)
{
    char *folder_copy = strdup(path), *name_copy = strdup(path), *joined = NULL;
    char *folder = folder_copy ? realpath(dirname(folder_copy), NULL) : NULL;
    if (folder && name_copy) {
        const char *name = basename(name_copy);
        size_t size_bytes = strlen(folder) + strlen(name) + 2;
        joined = malloc(size_bytes);
        if (joined) snprintf(joined, size_bytes, "%s/%s", folder, name);
    }
    free(folder);
    free(name_copy);
    free(folder_copy);
    return joined;
}

bool file_is_same(const char *a, const char *b)
{
    struct stat status_a, status_b;
    if (strcmp(a, b) == 0) return true;
    bool has_a = stat(a, &status_a) == 0, has_b = stat(b, &status_b) == 0;
    if (has_a && has_b) return status_a.st_dev == status_b.st_dev && status_a.st_ino == status_b.st_ino;
    if (has_a != has_b) return false;
    char *real_a = resolve_folder(a), *real_b = resolve_folder(b);
    bool is_same = real_a && real_b && strcmp(real_a, real_b) == 0;
    free(real_a);
    free(real_b);
    return is_same;
}

static int open_temporary(const char *path, char **name_out)
{
    size_t size_bytes = strlen(path) + 48;
    char *name = malloc(size_bytes);
    int descriptor = -1;
    errno = ENOMEM;
    for (int i = 0; name && i < NAME_ATTEMPTS; i++) {
        snprintf(name, size_bytes, "%s.%ld-%d.partial", path, (long)getpid(), i);
        descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0 || errno != EEXIST) break;
    }
    if (descriptor < 0) {
        int cause = errno;
        free(name);
        errno = cause;
        return -1;
    }
    *name_out = name;
    return descriptor;
}

static int open_target(struct file_writer *writer)
{
    struct stat status;
    bool exists = stat(writer->path, &status) == 0;
    if (exists && S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (exists && !S_ISREG(status.st_mode)) return open(writer->path, O_WRONLY | O_CLOEXEC);
    /* Renaming would replace even a file that forbids writing: ask first. */
    if (exists && access(writer->path, W_OK) != 0) return -1;
    return open_temporary(writer->path, &writer->temporary);
}

err file_begin(struct file_writer *out, const char *path, struct diag *diag)
{
    struct file_writer writer = {.path = resolve(path)};
    if (!writer.path) return diag_fail(diag, ERR_NOMEM, "cannot write %.256s: out of memory", path);
    int descriptor = open_target(&writer);
    int cause = errno;
    if (descriptor >= 0) {
        writer.stream = fdopen(descriptor, "w");
        cause = errno;
        if (!writer.stream) close(descriptor);
    }
    if (!writer.stream) {
        file_abandon(&writer);
        return fail_write(diag, path, cause);
    }
    *out = writer;
    return OK;
}

void file_abandon(struct file_writer *writer)
{
    if (writer->stream) fclose(writer->stream);
    if (writer->temporary) unlink(writer->temporary);
    free(writer->temporary);
    free(writer->path);
    *writer = (struct file_writer){0};
}

/* The rename itself must survive a power cut. Not every file system can: then it is as good as it gets. */
static void sync_folder(const char *path)
{
    char *copy = strdup(path);
    int descriptor = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
    free(copy);
}

/* 0, or why not every byte is safe. The stream is closed either way. */
static int finish(struct file_writer *writer)
{
    FILE *stream = writer->stream;
    writer->stream = NULL;
    bool had_error = ferror(stream);
    errno = 0;
    bool failed = fflush(stream) != 0 || had_error;
    int cause = failed ? (errno ? errno : EIO) : 0;
    if (!failed && writer->temporary && fsync(fileno(stream)) != 0) cause = errno;
    if (fclose(stream) != 0 && !cause) cause = errno;
    return cause;
}

err file_commit(struct file_writer *writer, struct diag *diag)
{
    int cause = finish(writer);
    if (!cause && writer->temporary) {
        if (rename(writer->temporary, writer->path) != 0) {
            cause = errno;
        } else {
            sync_folder(writer->path);
            free(writer->temporary);
            writer->temporary = NULL;
        }
    }
    err result = cause ? fail_write(diag, writer->path, cause) : OK;
    file_abandon(writer);
    return result;
}

err file_write(const char *path, const void *bytes, size_t size_bytes, struct diag *diag)
{
    struct file_writer writer;
    TRY(file_begin(&writer, path, diag));
    if (fwrite(bytes, 1, size_bytes, writer.stream) != size_bytes) {
        int cause = errno;
        file_abandon(&writer);
        return fail_write(diag, path, cause);
    }
    return file_commit(&writer, diag);
}

/* Reads on to the end, whatever the size was said to be: /proc and pipes say 0. */
static err read_all(FILE *stream, size_t size_bytes_max, struct file_bytes *out)
{
    size_t room = 0, used = 0;
    char *text = NULL;
    for (;;) {
        if (room - used < READ_STEP_BYTES + 1) {
            room = room * 2 + READ_STEP_BYTES + 1;
            char *larger = realloc(text, room);
            if (!larger) break;
            text = larger;
        }
        size_t got = fread(text + used, 1, room - used - 1, stream);
        used += got;
        if (used > size_bytes_max) {
            free(text);
            return ERR_LIMIT;
        }
        if (got > 0) continue;
        if (ferror(stream)) {
            free(text);
            return ERR_IO;
        }
        text[used] = 0;
        *out = (struct file_bytes){text, used};
        return OK;
    }
    free(text);
    return ERR_NOMEM;
}

err file_read(const char *path, size_t size_bytes_max, struct file_bytes *out, struct diag *diag)
{
    FILE *stream = fopen(path, "rbe");
    if (!stream) return fail_read(diag, path, errno);
    errno = 0;
    err result = read_all(stream, size_bytes_max, out);
    int cause = errno;
    fclose(stream);
    if (result == ERR_IO) return fail_read(diag, path, cause);
    if (result == ERR_LIMIT)
        return diag_fail(diag, ERR_LIMIT, "cannot read %.256s: larger than %zu bytes", path, size_bytes_max);
    if (result == ERR_NOMEM) return diag_fail(diag, ERR_NOMEM, "cannot read %.256s: out of memory", path);
    return result;
}
