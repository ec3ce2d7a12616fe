/* base/base58.c: long division and long multiplication, in limbs of 58^5 and 2^32. */
#include "base/base58.h"
#include "base/assert.h"
#include <stdint.h>
#include <string.h>

static const char ALPHABET[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

enum {
    LIMB = 58 * 58 * 58 * 58 * 58,
    LIMB_LETTERS = 5,
    LIMBS_MAX = BASE58_TEXT_MAX / LIMB_LETTERS + 1,
    WORDS_MAX = BASE58_BYTES_MAX / 4 + 1,
};

static size_t to_limbs(const unsigned char *bytes, size_t size_bytes, uint32_t *limbs)
{
    size_t count = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        uint64_t carry = bytes[i];
        for (size_t k = 0; k < count; k++) {
            carry += (uint64_t)limbs[k] << 8;
            limbs[k] = (uint32_t)(carry % LIMB);
            carry /= LIMB;
        }
        if (carry) limbs[count++] = (uint32_t)carry;
    }
    return count;
}

void base58_encode(const unsigned char *bytes, size_t size_bytes, char *text)
{
    uint32_t limbs[LIMBS_MAX];
    size_t zeros = 0;
    ASSERT(size_bytes <= BASE58_BYTES_MAX);
    while (zeros < size_bytes && bytes[zeros] == 0) *text++ = '1', zeros++;
    size_t count = to_limbs(bytes + zeros, size_bytes - zeros, limbs);
    for (size_t k = count; k-- > 0;) {
        char letters[LIMB_LETTERS];
        for (int i = LIMB_LETTERS - 1; i >= 0; i--, limbs[k] /= 58) letters[i] = ALPHABET[limbs[k] % 58];
        size_t skip = 0;
        while (k == count - 1 && letters[skip] == '1') skip++; /* the first limb is not 0 */
        memcpy(text, letters + skip, LIMB_LETTERS - skip);
        text += LIMB_LETTERS - skip;
    }
    *text = '\0';
}

static int value_of(char letter)
{
    static const int8_t VALUES[128] = {
        ['1'] = 1,  ['2'] = 2,  ['3'] = 3,  ['4'] = 4,  ['5'] = 5,  ['6'] = 6,  ['7'] = 7,  ['8'] = 8,
        ['9'] = 9,  ['A'] = 10, ['B'] = 11, ['C'] = 12, ['D'] = 13, ['E'] = 14, ['F'] = 15, ['G'] = 16,
        ['H'] = 17, ['J'] = 18, ['K'] = 19, ['L'] = 20, ['M'] = 21, ['N'] = 22, ['P'] = 23, ['Q'] = 24,
        ['R'] = 25, ['S'] = 26, ['T'] = 27, ['U'] = 28, ['V'] = 29, ['W'] = 30, ['X'] = 31, ['Y'] = 32,
        ['Z'] = 33, ['a'] = 34, ['b'] = 35, ['c'] = 36, ['d'] = 37, ['e'] = 38, ['f'] = 39, ['g'] = 40,
        ['h'] = 41, ['i'] = 42, ['j'] = 43, ['k'] = 44, ['m'] = 45, ['n'] = 46, ['o'] = 47, ['p'] = 48,
        ['q'] = 49, ['r'] = 50, ['s'] = 51, ['t'] = 52, ['u'] = 53, ['v'] = 54, ['w'] = 55, ['x'] = 56,
        ['y'] = 57, ['z'] = 58};
    return (unsigned char)letter < 128 ? VALUES[(unsigned char)letter] - 1 : -1;
}

bool base58_decode(const char *text, unsigned char *bytes, size_t size_max, size_t *size_bytes_out)
{
    uint32_t words[WORDS_MAX]; /* least significant first */
    size_t zeros = 0, count = 0;
    ASSERT(size_max <= BASE58_BYTES_MAX);
    while (*text == '1') text++, zeros++;
    for (; *text; text++) {
        int value = value_of(*text);
        if (value < 0) return false;
        uint64_t carry = (uint64_t)value;
        for (size_t k = 0; k < count; k++) {
            carry += (uint64_t)words[k] * 58;
            words[k] = (uint32_t)carry;
            carry >>= 32;
        }
        if (!carry) continue;
        if (count == (size_max + 3) / 4) return false;
        words[count++] = (uint32_t)carry;
    }
    size_t used = 4 * count;
    while (used && words[(used - 1) / 4] >> (8 * ((used - 1) % 4)) == 0) used--;
    if (zeros > size_max || used > size_max - zeros) return false;
    memset(bytes, 0, zeros);
    for (size_t i = 0; i < used; i++)
        bytes[zeros + used - 1 - i] = (unsigned char)(words[i / 4] >> (8 * (i % 4)));
    *size_bytes_out = zeros + used;
    return true;
}

bool base58_decode_exactly(const char *text, unsigned char *bytes, size_t size_bytes)
{
    unsigned char decoded[64];
    size_t used;
    ASSERT(size_bytes <= sizeof decoded);
    if (!base58_decode(text, decoded, size_bytes, &used) || used != size_bytes) return false;
    memcpy(bytes, decoded, size_bytes);
    return true;
}
