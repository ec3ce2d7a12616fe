/* engine/image.h: the whole state of an engine as bytes, for snapshots.
 *
 * An image saves reading the log from its beginning; it says nothing that the log does not say. It is
 * the records in use as this program holds them, so it is read by programs with the same layout alone:
 * another one answers ERR_CONFLICT, and the log is read instead. Checksums are the caller's, and a full check
 * (engine/integrity.h) of what was read, before anything is stepped.
 * Memory:  of writing, the caller's buffer of engine_image_bytes; of reading, the arena, engine_memory_bytes
 * for the limits, which stand at the front (engine_image_limits). Errors:  ERR_LIMIT no room; ERR_CONFLICT
 * another layout; ERR_SYNTAX no image, or one of a state that does not agree with itself; ERR_NOMEM. Threads:
 * none; the engine must stand between two steps. */
#pragma once
#include "engine/codec.h"

size_t engine_image_bytes(const struct engine *engine);
MUST_USE err engine_image_write(const struct engine *engine, struct codec_out *out);

MUST_USE err engine_image_limits(const struct codec_in *in, struct engine_limits *out);
MUST_USE err engine_image_read(struct engine **out, struct arena *arena, struct codec_in *in);
