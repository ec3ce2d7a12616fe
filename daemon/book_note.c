/* daemon/book_note.c: submissions before their event: reserved in memory, noted in the log.
 *
 * A note: its kind (one byte), id, retry_of, compute_ns, priority, whether it fails, the digest, the texts
 * (length, bytes; length 0xffff: there is none), the parents with their kinds of edges. Little-endian. */
#include "daemon/book_own.h"
#include <string.h>

enum { NOTE_SUBMISSION = 1, NO_TEXT = 0xffff };

/* In the order in which they stand in a note; the bytes count the closing zero. */
static const struct text_field {
    size_t offset, bytes_most;
    bool is_optional;
} TEXTS[] = {
    {offsetof(struct book_submission, name), BOOK_NAME_BYTES, false},
    {offsetof(struct book_submission, agent), BOOK_AGENT_BYTES, false},
    {offsetof(struct book_submission, type), BOOK_TYPE_BYTES, false},
    {offsetof(struct book_submission, payload), NO_TEXT, true},
    {offsetof(struct book_submission, labels), NO_TEXT, true},
    {offsetof(struct book_submission, trace_id), BOOK_KEY_BYTES, true},
    {offsetof(struct book_submission, key), BOOK_KEY_BYTES, true},
};
enum { TEXT_COUNT = sizeof TEXTS / sizeof *TEXTS };

static const char **text_of(struct book_submission *submission, int field)
{
    return (const char **)((char *)submission + TEXTS[field].offset);
}

/* ---- reservations ---- */

static enum book_reservation key_is_known(const struct record *record,
                                          const struct book_submission *submission, uint64_t *same_out)
{
    *same_out = record->task.id;
    if (memcmp(record->digest, submission->digest, BOOK_DIGEST_BYTES) != 0) return BOOK_OTHER_BODY;
    return record->task.is_reserved ? BOOK_UNDER_WAY : BOOK_SAME;
}

enum book_reservation book_reserve(struct book *book, const struct book_submission *submission,
                                   uint64_t *same_out)
{
    const struct record *known = submission->key ? book_by_key(book, submission->key) : NULL;
    if (known) return key_is_known(known, submission, same_out);
    char name[BOOK_NAME_BYTES];
    book_default_name(submission->id, name);
    bool is_named = submission->name && submission->name[0];
    known = book_by_name(book, is_named ? submission->name : name);
    if (known) {
        *same_out = known->task.id;
        return BOOK_NAME_TAKEN;
    }
    struct record *record;
    return book_enter(book, submission, &record) == OK ? BOOK_RESERVED : BOOK_FULL;
}

void book_unreserve(struct book *book, uint64_t id)
{
    struct record *record = book_by_id(book, id);
    if (record && record->task.is_reserved) book_forget(book, record);
}

/* ---- writing ---- */

static err write_bytes(struct codec_out *out, const void *bytes, size_t size)
{
    if (size > out->capacity - out->used) return ERR_LIMIT;
    if (size) memcpy(out->bytes + out->used, bytes, size);
    out->used += size;
    return OK;
}

static err write_text(struct codec_out *out, const char *text)
{
    if (!text) return codec_write_number(out, NO_TEXT, 2);
    size_t size = strlen(text);
    if (size >= NO_TEXT) return ERR_LIMIT;
    TRY(codec_write_number(out, size, 2));
    return write_bytes(out, text, size);
}

static err write_parents(struct codec_out *out, const struct book_submission *submission)
{
    TRY(codec_write_number(out, submission->parent_count, 1));
    for (uint32_t i = 0; i < submission->parent_count; i++) {
        TRY(codec_write_number(out, submission->parents[i], 8));
        TRY(codec_write_number(out, submission->edge_kinds[i], 1));
    }
    return OK;
}

static err write_submission(struct codec_out *out, struct book_submission *submission)
{
    TRY(codec_write_number(out, NOTE_SUBMISSION, 1));
    TRY(codec_write_number(out, submission->id, 8));
    TRY(codec_write_number(out, submission->retry_of, 8));
    TRY(codec_write_number(out, (uint64_t)submission->compute_ns, 8));
    TRY(codec_write_number(out, (uint64_t)submission->priority, 8));
    TRY(codec_write_number(out, submission->fails, 1));
    TRY(write_bytes(out, submission->digest, BOOK_DIGEST_BYTES));
    for (int i = 0; i < TEXT_COUNT; i++) {
        const char *text = *text_of(submission, i);
        TRY(write_text(out, text || TEXTS[i].is_optional ? text : ""));
    }
    return write_parents(out, submission);
}

err book_note_write(struct codec_out *out, const struct book_submission *submission)
{
    size_t room = out->capacity - out->used;
    struct codec_out note = {.bytes = out->bytes + out->used,
                             .capacity = room < BOOK_NOTE_BYTES_MOST ? room : BOOK_NOTE_BYTES_MOST};
    struct book_submission copy = *submission;
    TRY(write_submission(&note, &copy));
    out->used += note.used;
    return OK;
}

/* ---- reading ---- */

/* Texts need a closing zero, which a note has no room for: they are copied behind each other. */
struct note_texts {
    char bytes[BOOK_NOTE_BYTES_MOST + TEXT_COUNT];
    size_t used;
};

static err read_text(struct codec_in *in, const struct text_field *field, struct note_texts *texts,
                     const char **out)
{
    uint64_t size;
    TRY(codec_read_number(in, 2, &size));
    if (size == NO_TEXT && field->is_optional) return OK;
    if (size >= field->bytes_most || size > in->size - in->used) return ERR_SYNTAX;
    if (memchr(in->bytes + in->used, 0, size)) return ERR_SYNTAX;
    char *text = texts->bytes + texts->used;
    memcpy(text, in->bytes + in->used, size);
    text[size] = 0;
    texts->used += size + 1;
    in->used += size;
    *out = text;
    return OK;
}

static err read_parents(struct codec_in *in, struct book_submission *submission)
{
    uint64_t count, kind;
    TRY(codec_read_number(in, 1, &count));
    if (count > LIMIT_PARENTS) return ERR_SYNTAX;
    submission->parent_count = (uint32_t)count;
    for (uint32_t i = 0; i < count; i++) {
        TRY(codec_read_number(in, 8, &submission->parents[i]));
        TRY(codec_read_number(in, 1, &kind));
        if (kind >= EDGE_KIND_COUNT) return ERR_SYNTAX;
        submission->edge_kinds[i] = (uint8_t)kind;
    }
    return in->used == in->size ? OK : ERR_SYNTAX;
}

static err read_submission(struct codec_in *in, struct book_submission *submission, struct note_texts *texts)
{
    uint64_t kind, compute, priority, fails;
    TRY(codec_read_number(in, 1, &kind));
    if (kind != NOTE_SUBMISSION) return ERR_SYNTAX;
    TRY(codec_read_number(in, 8, &submission->id));
    TRY(codec_read_number(in, 8, &submission->retry_of));
    TRY(codec_read_number(in, 8, &compute));
    TRY(codec_read_number(in, 8, &priority));
    TRY(codec_read_number(in, 1, &fails));
    if (submission->id == 0 || compute > INT64_MAX || fails > 1) return ERR_SYNTAX;
    submission->compute_ns = (int64_t)compute;
    submission->priority = (int64_t)priority;
    submission->fails = fails;
    if (BOOK_DIGEST_BYTES > in->size - in->used) return ERR_SYNTAX;
    memcpy(submission->digest, in->bytes + in->used, BOOK_DIGEST_BYTES);
    in->used += BOOK_DIGEST_BYTES;
    for (int i = 0; i < TEXT_COUNT; i++) TRY(read_text(in, &TEXTS[i], texts, text_of(submission, i)));
    return read_parents(in, submission);
}

err book_note(struct book *book, const void *bytes, size_t size_bytes)
{
    struct codec_in in = {.bytes = bytes, .size = size_bytes};
    struct book_submission submission = {0};
    struct note_texts texts;
    texts.used = 0;
    if (size_bytes > BOOK_NOTE_BYTES_MOST) return ERR_SYNTAX;
    if (read_submission(&in, &submission, &texts) != OK) return ERR_SYNTAX;
    if (submission.id > book->last_noted) book->last_noted = submission.id;
    if (book->next_id <= submission.id) book->next_id = submission.id + 1;
    struct record *record = book_by_id(book, submission.id);
    if (record) return record->task.is_reserved ? OK : ERR_CONFLICT; /* reserved: by whom it is noted */
    bool is_taken = submission.name[0] && book_by_name(book, submission.name);
    return is_taken ? ERR_CONFLICT : book_enter(book, &submission, &record);
}
