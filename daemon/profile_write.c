/* daemon/profile_write.c: samples as profile.proto (github.com/google/pprof), written by hand, gzip'd.
 *
 * Equal frames become one location; a location has one line with one function. */
#include "base/units.h"
#include "daemon/profile_own.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Fields of the messages, by their numbers. */
enum {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING = 6,
    PROFILE_TIME = 9,
    PROFILE_DURATION = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    GZIP_WINDOW = 15 + 16,
};

/* The first strings of the table, by their places. */
static const char *const STRINGS[] = {"", "samples", "count", "cpu", "nanoseconds", "agenc"};
enum { AT_NONE, AT_SAMPLES, AT_COUNT, AT_CPU, AT_NANOSECONDS, AT_PROGRAM, STRINGS_FIXED };

static void put_number(FILE *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) putc((int)(value & 0x7f) | 0x80, out);
    putc((int)value, out);
}

static void put_field(FILE *out, unsigned field, uint64_t value)
{
    if (!value) return; /* proto3: absent is zero */
    put_number(out, (uint64_t)field << 3);
    put_number(out, value);
}

static void put_bytes(FILE *out, unsigned field, const void *bytes, size_t size_bytes)
{
    put_number(out, (uint64_t)field << 3 | 2);
    put_number(out, size_bytes);
    fwrite(bytes, 1, size_bytes, out);
}

/* A message inside a message: written apart first, for its length goes before it. */
struct inner {
    char *bytes;
    size_t size_bytes;
    FILE *out;
};

static FILE *begin(struct inner *inner)
{
    *inner = (struct inner){0};
    return inner->out = open_memstream(&inner->bytes, &inner->size_bytes);
}

static void end(struct inner *inner, FILE *out, unsigned field)
{
    fclose(inner->out);
    put_bytes(out, field, inner->bytes, inner->size_bytes);
    free(inner->bytes);
}

static err put_value_type(FILE *out, unsigned field, uint64_t type, uint64_t unit)
{
    struct inner inner;
    if (!begin(&inner)) return ERR_NOMEM;
    put_field(inner.out, 1, type);
    put_field(inner.out, 2, unit);
    end(&inner, out, field);
    return OK;
}

/* ---- locations: the distinct frames, sorted ---- */

struct places {
    uintptr_t *addresses;
    size_t count;
};

static int by_value(const void *a, const void *b)
{
    uintptr_t first = *(const uintptr_t *)a, second = *(const uintptr_t *)b;
    return first < second ? -1 : first > second;
}

static uint32_t sample_count(const struct profile *profile)
{
    return profile->taken < profile->capacity ? profile->taken : profile->capacity;
}

static err find_places(const struct profile *profile, struct places *out)
{
    size_t count = 0, kept = 0;
    for (uint32_t i = 0; i < sample_count(profile); i++) count += profile->samples[i].depth;
    uintptr_t *all = calloc(count + 1, sizeof *all);
    if (!all) return ERR_NOMEM;
    count = 0;
    for (uint32_t i = 0; i < sample_count(profile); i++)
        for (uint32_t j = 0; j < profile->samples[i].depth; j++) all[count++] = profile->samples[i].frames[j];
    qsort(all, count, sizeof *all, by_value);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || all[kept - 1] != all[i]) all[kept++] = all[i];
    *out = (struct places){all, kept};
    return OK;
}

static uint64_t place_of(const struct places *places, uintptr_t address)
{
    const uintptr_t *found = bsearch(&address, places->addresses, places->count, sizeof address, by_value);
    return found ? (uint64_t)(found - places->addresses) + 1 : 0;
}

/* ---- the messages ---- */

static err put_sample(FILE *out, const struct places *places, const struct profile_sample *sample)
{
    struct inner inner, packed;
    if (!begin(&inner)) return ERR_NOMEM;
    if (begin(&packed)) {
        for (uint32_t i = 0; i < sample->depth; i++)
            put_number(packed.out, place_of(places, sample->frames[i]));
        end(&packed, inner.out, 1);
    }
    if (begin(&packed)) {
        put_number(packed.out, 1);
        put_number(packed.out, (uint64_t)(NS_PER_S / PROFILE_HZ));
        end(&packed, inner.out, 2);
    }
    end(&inner, out, PROFILE_SAMPLE);
    return OK;
}

static err put_mapping(FILE *out)
{
    struct inner inner;
    if (!begin(&inner)) return ERR_NOMEM;
    put_field(inner.out, 1, 1);
    put_field(inner.out, 5, AT_PROGRAM);
    put_field(inner.out, 7, 1); /* has_functions: nobody need look for the binary */
    end(&inner, out, PROFILE_MAPPING);
    return OK;
}

/* Location and function of one address have the same number; the function's name is a string of its own. */
static err put_place(FILE *out, uint64_t number, uintptr_t address)
{
    struct inner inner, line;
    if (!begin(&inner)) return ERR_NOMEM;
    put_field(inner.out, 1, number);
    put_field(inner.out, 2, 1);
    put_field(inner.out, 3, address);
    if (begin(&line)) {
        put_field(line.out, 1, number);
        end(&line, inner.out, 4);
    }
    end(&inner, out, PROFILE_LOCATION);
    if (!begin(&inner)) return ERR_NOMEM;
    put_field(inner.out, 1, number);
    put_field(inner.out, 2, STRINGS_FIXED + number - 1);
    put_field(inner.out, 3, STRINGS_FIXED + number - 1);
    end(&inner, out, PROFILE_FUNCTION);
    return OK;
}

static err put_names(FILE *out, const struct places *places)
{
    struct profile_symbols *symbols = NULL;
    for (size_t i = 0; i < STRINGS_FIXED; i++) put_bytes(out, PROFILE_STRING, STRINGS[i], strlen(STRINGS[i]));
    TRY(profile_symbols_open(&symbols));
    for (size_t i = 0; i < places->count; i++) {
        char unnamed[32];
        /* A return address may be the first of the next function: the call is just before it. */
        const char *name = profile_symbol(symbols, places->addresses[i] - 1);
        if (!name) snprintf(unnamed, sizeof unnamed, "0x%zx", (size_t)places->addresses[i]);
        put_bytes(out, PROFILE_STRING, name ? name : unnamed, strlen(name ? name : unnamed));
    }
    profile_symbols_free(symbols);
    return OK;
}

static err put_profile(const struct profile *profile, const struct places *places, FILE *out)
{
    TRY(put_value_type(out, PROFILE_SAMPLE_TYPE, AT_SAMPLES, AT_COUNT));
    TRY(put_value_type(out, PROFILE_SAMPLE_TYPE, AT_CPU, AT_NANOSECONDS));
    for (uint32_t i = 0; i < sample_count(profile); i++)
        if (profile->samples[i].depth) TRY(put_sample(out, places, &profile->samples[i]));
    TRY(put_mapping(out));
    for (size_t i = 0; i < places->count; i++) TRY(put_place(out, i + 1, places->addresses[i]));
    TRY(put_names(out, places));
    put_field(out, PROFILE_TIME, (uint64_t)profile->wall_ns);
    put_field(out, PROFILE_DURATION, (uint64_t)(profile->end_ns - profile->began_ns));
    TRY(put_value_type(out, PROFILE_PERIOD_TYPE, AT_CPU, AT_NANOSECONDS));
    put_field(out, PROFILE_PERIOD, (uint64_t)(NS_PER_S / PROFILE_HZ));
    return OK;
}

static err pack(const char *bytes, size_t size_bytes, FILE *out)
{
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return ERR_NOMEM;
    size_t room = deflateBound(&stream, size_bytes);
    unsigned char *packed = malloc(room);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)size_bytes;
    stream.next_out = packed;
    stream.avail_out = (uInt)room;
    bool is_whole = packed && deflate(&stream, Z_FINISH) == Z_STREAM_END;
    if (is_whole) fwrite(packed, 1, stream.total_out, out);
    deflateEnd(&stream);
    free(packed);
    return is_whole ? OK : ERR_NOMEM;
}

err profile_write(const struct profile *profile, FILE *out)
{
    struct places places = {0};
    struct inner whole;
    TRY(find_places(profile, &places));
    err e = begin(&whole) ? put_profile(profile, &places, whole.out) : ERR_NOMEM;
    if (whole.out) fclose(whole.out);
    if (e == OK) e = pack(whole.bytes, whole.size_bytes, out);
    free(whole.bytes);
    free(places.addresses);
    return e;
}
