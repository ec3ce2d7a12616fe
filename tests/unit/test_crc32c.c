/* tests/unit/test_crc32c.c: the values that RFC 3720 prints, and that pieces add up. */
#include "base/crc32c.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

TestSuite(crc32c, .timeout = 5);

Test(crc32c, agrees_with_rfc_3720)
{
    unsigned char bytes[32];
    cr_assert(eq(u32, crc32c_add(0, "123456789", 9), 0xe3069283u));
    memset(bytes, 0, sizeof bytes);
    cr_assert(eq(u32, crc32c_add(0, bytes, sizeof bytes), 0x8a9136aau));
    memset(bytes, 0xff, sizeof bytes);
    cr_assert(eq(u32, crc32c_add(0, bytes, sizeof bytes), 0x62a8ab43u));
    for (unsigned i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)i;
    cr_assert(eq(u32, crc32c_add(0, bytes, sizeof bytes), 0x46dd794eu));
    for (unsigned i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(31 - i);
    cr_assert(eq(u32, crc32c_add(0, bytes, sizeof bytes), 0x113fdb5cu));
}

Test(crc32c, takes_its_bytes_in_any_pieces)
{
    const char text[] = "the checksum of two pieces is that of the whole";
    uint32_t whole = crc32c_add(0, text, sizeof text);
    for (size_t cut = 0; cut <= sizeof text; cut++)
        cr_assert(eq(u32, crc32c_add(crc32c_add(0, text, cut), text + cut, sizeof text - cut), whole));
    uint32_t bytewise = 0; /* by the table alone */
    for (size_t i = 0; i < sizeof text; i++) bytewise = crc32c_add(bytewise, text + i, 1);
    cr_assert(eq(u32, bytewise, whole));
}
