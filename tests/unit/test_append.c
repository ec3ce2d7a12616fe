/* tests/unit/test_append.c: a log grows at its end, and half a record does not stay in it. */
#include "base/append.h"
#include "base/file.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/agenc-append-XXXXXX";
static struct append_file file;
static struct diag diag;

static void set_up(void)
{
    int made = mkstemp(path);
    cr_assert(ge(int, made, 0));
    close(made);
    unlink(path);
    cr_assert(eq(int, append_open(&file, path, &diag), OK));
}

static void tear_down(void)
{
    append_close(&file);
    unlink(path);
}

TestSuite(append, .init = set_up, .fini = tear_down, .timeout = 10);

static void holds(const char *text)
{
    struct file_bytes bytes;
    cr_assert(eq(int, file_read(path, 1 << 20, &bytes, &diag), OK));
    cr_assert(eq(sz, bytes.size_bytes, strlen(text)));
    cr_assert(eq(int, memcmp(bytes.text, text, strlen(text)), 0));
    free(bytes.text);
}

Test(append, writing_goes_on_at_the_end_after_a_restart)
{
    cr_assert(eq(int, append_write(&file, "one", 3, &diag), OK));
    cr_assert(eq(int, append_sync(&file, &diag), OK));
    append_close(&file);
    cr_assert(eq(int, append_open(&file, path, &diag), OK));
    cr_assert(eq(u64, file.size_bytes, 3));
    cr_assert(eq(int, append_write(&file, "two", 3, &diag), OK));
    holds("onetwo");
}

Test(append, only_its_owner_reads_a_new_file)
{
    struct stat status;
    cr_assert(eq(int, stat(path, &status), 0));
    cr_assert(eq(int, (int)(status.st_mode & 0777), 0600));
}

Test(append, what_is_cut_off_is_gone_and_writing_goes_on_there)
{
    cr_assert(eq(int, append_write(&file, "whole torn", 10, &diag), OK));
    cr_assert(eq(int, append_cut(&file, 5, &diag), OK));
    cr_assert(eq(int, append_write(&file, "again", 5, &diag), OK));
    holds("wholeagain");
    cr_assert(eq(int, append_cut(&file, 11, &diag), ERR_RANGE));
    holds("wholeagain");
}

/* The file may have 8 bytes: the record of ten does not fit, and none of it stays. */
Test(append, a_write_that_fails_in_its_middle_is_taken_back)
{
    const struct rlimit small = {.rlim_cur = 8, .rlim_max = 8};
    signal(SIGXFSZ, SIG_IGN);
    cr_assert(eq(int, append_write(&file, "four", 4, &diag), OK));
    cr_assert(eq(int, setrlimit(RLIMIT_FSIZE, &small), 0));
    cr_assert(eq(int, append_write(&file, "0123456789", 10, &diag), ERR_IO));
    cr_assert(strstr(diag.text, path) != NULL);
    holds("four");
    cr_assert(eq(int, append_write(&file, "last", 4, &diag), OK));
    holds("fourlast");
}

Test(append, a_file_that_cannot_be_mended_takes_nothing_more)
{
    struct append_file full;
    struct diag first = {0}, second = {0};
    cr_assert(eq(int, append_open(&full, "/dev/full", &first), OK));
    cr_assert(eq(int, append_write(&full, "x", 1, &first), ERR_IO));
    cr_assert(eq(int, append_write(&full, "x", 1, &second), ERR_CONFLICT));
    cr_assert(eq(int, append_sync(&full, &second), ERR_CONFLICT));
    append_close(&full);
}

Test(append, a_folder_that_is_not_there_is_an_error_with_the_path)
{
    struct append_file none;
    struct diag said = {0};
    cr_assert(eq(int, append_open(&none, "/nowhere/log", &said), ERR_IO));
    cr_assert(strstr(said.text, "/nowhere/log") != NULL);
}
