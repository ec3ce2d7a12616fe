/* base/append.c: see the header. */
#include "base/append.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static err fail(const struct append_file *file, const char *what, struct diag *diag)
{
    return diag_fail(diag, ERR_IO, "%s: cannot %s: %s", file->path, what, strerror(errno));
}

/* The name of a new file is on the disk when its folder is. */
static err sync_folder(const struct append_file *file, struct diag *diag)
{
    char path[APPEND_PATH_BYTES];
    memcpy(path, file->path, sizeof path);
    int folder = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return fail(file, "open its folder", diag);
    int synced = fsync(folder);
    err e = synced == 0 ? OK : fail(file, "sync its folder", diag);
    close(folder);
    return e;
}

err append_open(struct append_file *out, const char *path, struct diag *diag)
{
    struct append_file file = {.descriptor = -1};
    struct stat status;
    if (strlen(path) >= sizeof file.path) return diag_fail(diag, ERR_RANGE, "%s: the path is too long", path);
    memcpy(file.path, path, strlen(path) + 1);
    file.descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file.descriptor < 0) return fail(&file, "open", diag);
    err e = fstat(file.descriptor, &status) == 0 ? OK : fail(&file, "ask for its size", diag);
    if (e == OK) e = sync_folder(&file, diag);
    if (e != OK) {
        close(file.descriptor);
        return e;
    }
    file.size_bytes = (uint64_t)status.st_size;
    *out = file;
    return OK;
}

static err refuse(const struct append_file *file, struct diag *diag)
{
    return diag_fail(diag, ERR_CONFLICT, "%s: an earlier failure may have lost bytes; open it anew",
                     file->path);
}

err append_write(struct append_file *file, const void *bytes, size_t size_bytes, struct diag *diag)
{
    if (file->is_broken) return refuse(file, diag);
    for (size_t done = 0; done < size_bytes;) {
        ssize_t written = write(file->descriptor, (const char *)bytes + done, size_bytes - done);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            err e = fail(file, "write", diag);
            file->is_broken = ftruncate(file->descriptor, (off_t)file->size_bytes) != 0;
            return e;
        }
        done += (size_t)written;
    }
    file->size_bytes += size_bytes;
    return OK;
}

err append_sync(struct append_file *file, struct diag *diag)
{
    if (file->is_broken) return refuse(file, diag);
    if (fdatasync(file->descriptor) == 0) return OK;
    file->is_broken = true;
    return fail(file, "sync", diag);
}

err append_cut(struct append_file *file, uint64_t size_bytes, struct diag *diag)
{
    if (file->is_broken) return refuse(file, diag);
    if (size_bytes > file->size_bytes)
        return diag_fail(diag, ERR_RANGE, "%s: has fewer bytes than it should keep", file->path);
    if (ftruncate(file->descriptor, (off_t)size_bytes) != 0) return fail(file, "cut", diag);
    file->size_bytes = size_bytes;
    return append_sync(file, diag);
}

void append_close(struct append_file *file)
{
    if (file->descriptor >= 0) close(file->descriptor);
    file->descriptor = -1;
}
