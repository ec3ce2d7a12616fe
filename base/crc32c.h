/* base/crc32c.h: the checksum of records (CRC-32C, Castagnoli).
 *
 * Finds every change of up to 32 neighbouring bits, and of any three bits in a record of ours; it is no
 * defence against somebody who wants to deceive.
 * Source: RFC 3720, appendix B.4 (the polynomial and its test values). Threads: none. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Start with 0; the checksum of two pieces is crc32c_add(crc32c_add(0, a), b). */
uint32_t crc32c_add(uint32_t crc, const void *bytes, size_t size_bytes);
