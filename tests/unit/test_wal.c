/* tests/unit/test_wal.c: segments are one log; what failed is written again, elsewhere if need be. */
#include "daemon/wal.h"
#include "engine/journal.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char folder[64];
static struct wal *wal;
static struct journal_chain chain;
static unsigned char bytes[4096];

static void open_log(void)
{
    struct diag diag = {0};
    err e = wal_open(&wal, folder, &diag);
    cr_assert(e == OK, "%s", diag.text);
}

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/agenc-wal-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    open_log();
}

static void tear_down(void)
{
    char command[128];
    wal_close(wal);
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert(system(command) == 0);
}

TestSuite(wal, .init = set_up, .fini = tear_down, .timeout = 20);

static void begin_empty(void)
{
    struct wal_bytes read;
    struct diag diag = {0};
    cr_assert(wal_read(wal, 0, &read, &diag) == OK);
    cr_assert(read.is_empty);
    cr_assert(wal_begin(wal, 0, &read, 0, &diag) == OK);
}

/* One note a piece. */
static struct wal_result write_piece(const char *text, bool begins_segment)
{
    struct wal_result result;
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    const struct journal_chain before = chain;
    cr_assert(journal_write_note(&chain, &out, text, strlen(text)) == OK);
    wal_write(wal, &(struct wal_piece){.bytes = bytes,
                                       .size = out.used,
                                       .first_record = before.sequence,
                                       .begins_segment = begins_segment});
    struct pollfd asked = {.fd = wal_fd(wal), .events = POLLIN};
    while (!wal_poll(wal, &result)) poll(&asked, 1, 1000);
    if (result.error != OK) chain = before;
    return result;
}

struct read_back {
    char text[256];
};

static void hear(void *context, const void *note, size_t size)
{
    struct read_back *back = context;
    strncat(back->text, note, size);
    strcat(back->text, " ");
}

/* The notes from this record on, as the log has them. */
static struct read_back read_all(uint64_t record, const struct journal_chain *from)
{
    struct read_back back = {{0}};
    struct wal_bytes read;
    struct diag diag = {0};
    struct journal_diag found;
    struct event event;
    enum journal_item item;
    const struct engine_limits limits = {1, 1, 1};
    wal_close(wal);
    open_log();
    cr_assert(wal_read(wal, record, &read, &diag) == OK);
    size_t at = wal_offset_of(&read, record);
    struct journal_reader reader = journal_continue(read.bytes + at, read.size - at, from, &limits);
    reader.note = hear;
    reader.note_context = &back;
    cr_assert(journal_next(&reader, &item, &event, &found) == OK, "%s", journal_fault_text(found.fault));
    cr_assert(eq(int, item, JOURNAL_ITEM_END));
    free(read.bytes);
    return back;
}

Test(wal, segments_one_after_the_other_are_the_log)
{
    begin_empty();
    write_piece("one", false);
    write_piece("two", true);
    write_piece("three", false);
    write_piece("four", true);
    cr_assert(eq(u32, wal_segments(wal), 3));
    cr_assert(eq(str, read_all(0, &(struct journal_chain){0}).text, "one two three four "));
}

Test(wal, reading_begins_in_the_segment_that_holds_the_record)
{
    begin_empty();
    write_piece("one", false);
    write_piece("two", true);
    struct journal_chain here = chain;
    write_piece("three", false);
    cr_assert(eq(str, read_all(here.sequence, &here).text, "three "));
}

Test(wal, a_write_that_failed_leaves_nothing_and_is_done_again)
{
    begin_empty();
    write_piece("one", false);
    const struct rlimit none = {wal_bytes(wal) + 5, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &none);
    cr_assert(eq(int, write_piece("two", false).error, ERR_IO));
    setrlimit(RLIMIT_FSIZE, &all);
    cr_assert(eq(int, write_piece("two", false).error, OK));
    cr_assert(eq(str, read_all(0, &(struct journal_chain){0}).text, "one two "));
}

Test(wal, a_later_segment_overrules_what_stands_behind_its_first_record)
{
    begin_empty();
    write_piece("one", false);
    struct journal_chain here = chain;
    write_piece("lost", false);
    chain = here; /* as if its sync had failed, and the bytes are there all the same */
    write_piece("two", true);
    write_piece("three", false);
    cr_assert(eq(str, read_all(0, &(struct journal_chain){0}).text, "one two three "));
}

Test(wal, a_torn_end_is_cut_off_where_writing_goes_on)
{
    char path[128];
    struct wal_bytes read;
    struct diag diag = {0};
    begin_empty();
    write_piece("one", false);
    uint64_t good = wal_bytes(wal);
    wal_close(wal);
    snprintf(path, sizeof path, "%s/%020d.log", folder, 0);
    FILE *file = fopen(path, "a");
    fputs("half a rec", file);
    fclose(file);
    open_log();
    cr_assert(wal_read(wal, 0, &read, &diag) == OK);
    cr_assert(wal_begin(wal, chain.sequence, &read, good, &diag) == OK);
    free(read.bytes);
    write_piece("two", false);
    cr_assert(eq(str, read_all(0, &(struct journal_chain){0}).text, "one two "));
}

Test(wal, a_second_process_is_told_that_the_folder_is_taken)
{
    struct wal *second;
    struct diag diag = {0};
    cr_assert(eq(int, wal_open(&second, folder, &diag), ERR_CONFLICT));
    cr_assert(strstr(diag.text, "another agenc serve") != NULL);
}

Test(wal, only_segments_that_are_covered_are_dropped)
{
    begin_empty();
    write_piece("one", false);
    write_piece("two", true);
    write_piece("three", true);
    write_piece("four", true);
    wal_drop(wal, 2, 1); /* record 1 and everything before it */
    cr_assert(eq(u64, wal_first_record(wal), 2));
    wal_drop(wal, 100, 1);
    cr_assert(eq(u32, wal_segments(wal), 1));
}
