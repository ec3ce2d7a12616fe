/* tests/unit/test_file.c: a file is there entirely or not at all, and a failure leaves nothing behind. */
#include "base/file.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/agenc-file-XXXXXX";
static char target[64];
static struct diag diag;

static void set_up(void)
{
    cr_assert(ne(ptr, mkdtemp(folder), NULL));
    snprintf(target, sizeof target, "%s/result.json", folder);
}

static int count_entries(void)
{
    DIR *dir = opendir(folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(dir));) count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void tear_down(void)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir));) unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(folder);
}

TestSuite(file, .init = set_up, .fini = tear_down, .timeout = 10);

static void expect_content(const char *want)
{
    struct file_bytes bytes;
    cr_assert(eq(int, file_read(target, 1 << 20, &bytes, &diag), OK), "%s", diag.text);
    cr_assert(eq(str, bytes.text, (char *)want));
    cr_assert(eq(sz, bytes.size_bytes, strlen(want)));
    free(bytes.text);
}

Test(file, what_is_written_is_read_and_nothing_else_is_left)
{
    cr_assert(eq(int, file_write(target, "first", 5, &diag), OK), "%s", diag.text);
    expect_content("first");
    cr_assert(eq(int, file_write(target, "second one", 10, &diag), OK));
    expect_content("second one");
    cr_assert(eq(int, count_entries(), 1));
}

Test(file, the_old_file_stands_until_the_commit)
{
    struct file_writer writer;
    cr_assert(eq(int, file_write(target, "old", 3, &diag), OK));
    cr_assert(eq(int, file_begin(&writer, target, &diag), OK));
    fputs("new", writer.stream);
    fflush(writer.stream);
    expect_content("old");
    cr_assert(eq(int, count_entries(), 2));
    cr_assert(eq(int, file_commit(&writer, &diag), OK));
    expect_content("new");
    cr_assert(eq(int, count_entries(), 1));
}

Test(file, abandoning_leaves_the_old_file)
{
    struct file_writer writer;
    cr_assert(eq(int, file_write(target, "old", 3, &diag), OK));
    cr_assert(eq(int, file_begin(&writer, target, &diag), OK));
    fputs("new", writer.stream);
    file_abandon(&writer);
    file_abandon(&writer);
    expect_content("old");
    cr_assert(eq(int, count_entries(), 1));
}

Test(file, two_writers_of_one_target_do_not_meet)
{
    struct file_writer first, second;
    cr_assert(eq(int, file_begin(&first, target, &diag), OK));
    cr_assert(eq(int, file_begin(&second, target, &diag), OK));
    fputs("one", first.stream);
    fputs("two", second.stream);
    cr_assert(eq(int, file_commit(&second, &diag), OK));
    expect_content("two");
    cr_assert(eq(int, file_commit(&first, &diag), OK));
    expect_content("one");
}

Test(file, missing_folder_is_named)
{
    struct file_writer writer = {.path = (char *)"untouched"};
    cr_assert(eq(int, file_begin(&writer, "/nowhere/at/all.json", &diag), ERR_IO));
    cr_assert(eq(str, writer.path, "untouched"));
    cr_assert(eq(str, diag.text,
                 "cannot write /nowhere/at/all.json: No such file or directory; check the path, its folder "
                 "must exist"));
}

Test(file, a_folder_is_not_a_file)
{
    cr_assert(eq(int, file_write(folder, "x", 1, &diag), ERR_IO));
    cr_assert(ne(ptr, strstr(diag.text, "name a file in it"), NULL));
    struct file_bytes bytes = {0};
    cr_assert(eq(int, file_read(folder, 100, &bytes, NULL), ERR_IO));
    cr_assert(eq(ptr, bytes.text, NULL));
}

Test(file, unwritable_folder_is_refused)
{
    if (geteuid() == 0) cr_assert(eq(int, seteuid(65534), 0)); /* root may write anywhere: be nobody */
    struct file_writer writer;
    cr_assert(eq(int, file_begin(&writer, "/usr/agenc-result.json", &diag), ERR_IO));
    cr_assert(ne(ptr, strstr(diag.text, "choose a place you may use"), NULL), "%s", diag.text);
    if (getuid() == 0) cr_assert(eq(int, seteuid(0), 0));
}

Test(file, a_full_disk_leaves_the_old_file)
{
    static char bytes[100000];
    struct rlimit limit = {.rlim_cur = 50000, .rlim_max = RLIM_INFINITY};
    cr_assert(eq(int, file_write(target, "old", 3, &diag), OK));
    signal(SIGXFSZ, SIG_IGN);
    cr_assert(eq(int, setrlimit(RLIMIT_FSIZE, &limit), 0));
    cr_assert(eq(int, file_write(target, bytes, sizeof bytes, &diag), ERR_IO));
    cr_assert(ne(ptr, strstr(diag.text, "free some space"), NULL), "%s", diag.text);
    expect_content("old");
    cr_assert(eq(int, count_entries(), 1));
    /* The same when the stream's buffer hides it until the commit. */
    struct file_writer writer;
    cr_assert(eq(int, file_begin(&writer, target, &diag), OK));
    for (int i = 0; i < 60000; i++) fputc('x', writer.stream);
    cr_assert(eq(int, file_commit(&writer, &diag), ERR_IO));
    expect_content("old");
    cr_assert(eq(int, count_entries(), 1));
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
}

Test(file, devices_are_written_in_place)
{
    cr_assert(eq(int, file_write("/dev/null", "x", 1, &diag), OK), "%s", diag.text);
    struct stat status;
    cr_assert(eq(int, stat("/dev/null", &status), 0));
    cr_assert(ne(int, S_ISCHR(status.st_mode), 0));
    cr_assert(eq(int, file_write("/dev/full", "x", 1, &diag), ERR_IO));
    cr_assert(ne(ptr, strstr(diag.text, "/dev/full: No space left"), NULL), "%s", diag.text);
}

Test(file, links_are_followed)
{
    char name[80];
    struct stat status;
    snprintf(name, sizeof name, "%s/link", folder);
    cr_assert(eq(int, file_write(target, "old", 3, &diag), OK));
    cr_assert(eq(int, symlink(target, name), 0));
    cr_assert(eq(int, file_write(name, "new", 3, &diag), OK));
    expect_content("new");
    cr_assert(eq(int, lstat(name, &status), 0));
    cr_assert(ne(int, S_ISLNK(status.st_mode), 0));
}

Test(file, reading_is_bounded)
{
    struct file_bytes bytes = {.size_bytes = 7};
    cr_assert(eq(int, file_write(target, "0123456789", 10, &diag), OK));
    cr_assert(eq(int, file_read(target, 9, &bytes, &diag), ERR_LIMIT));
    cr_assert(eq(sz, bytes.size_bytes, 7));
    cr_assert(ne(ptr, strstr(diag.text, "larger than 9 bytes"), NULL));
    cr_assert(eq(int, file_read(target, 10, &bytes, NULL), OK));
    cr_assert(eq(str, bytes.text, "0123456789"));
    free(bytes.text);
    cr_assert(eq(int, file_read("/nowhere", 10, &bytes, NULL), ERR_IO));
    cr_assert(eq(int, file_read("/dev/zero", 1 << 20, &bytes, NULL), ERR_LIMIT), "an endless file ends too");
}

Test(file, large_files_and_empty_files_are_whole)
{
    static char bytes[1 << 19];
    memset(bytes, 'a', sizeof bytes);
    struct file_bytes back;
    cr_assert(eq(int, file_write(target, bytes, sizeof bytes, &diag), OK));
    cr_assert(eq(int, file_read(target, sizeof bytes, &back, &diag), OK));
    cr_assert(eq(sz, back.size_bytes, sizeof bytes));
    cr_assert(eq(int, memcmp(back.text, bytes, sizeof bytes), 0));
    free(back.text);
    cr_assert(eq(int, file_write(target, "", 0, &diag), OK));
    expect_content("");
}
