/* RFC 7541 5.2 and Appendix B. The code is canonical: codes of one length follow each other, in the order of
 * their symbols, and the first of them follows the last of the length before, so that lengths and order are
 * all of it. */
#include "wire/hpack.h"

enum { LONGEST = 30 };

/* So many symbols have a code of so many bits. The code that ends a string (EOS, 30 bits) is not among them.
 */
static const uint8_t count_of_length[LONGEST + 1] = {
    0, 0, 0, 0, 0, 10, 26, 32, 6, 0, 5, 3, 2, 6, 2, 3, 0, 0, 0, 3, 8, 13, 26, 29, 12, 4, 15, 19, 29, 0, 3,
};

static const uint8_t symbols[256] = {
    48,  49,  50,  97,  99,  101, 105, 111, 115, 116, 32,  37,  45,  46,  47,  51,  52,  53,  54,  55,
    56,  57,  61,  65,  95,  98,  100, 102, 103, 104, 108, 109, 110, 112, 114, 117, 58,  66,  67,  68,
    69,  70,  71,  72,  73,  74,  75,  76,  77,  78,  79,  80,  81,  82,  83,  84,  85,  86,  87,  89,
    106, 107, 113, 118, 119, 120, 121, 122, 38,  42,  44,  59,  88,  90,  33,  34,  40,  41,  63,  39,
    43,  124, 35,  62,  0,   36,  64,  91,  93,  126, 94,  125, 60,  96,  123, 92,  195, 208, 128, 130,
    131, 162, 184, 194, 224, 226, 153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230, 129,
    132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173, 178, 181, 185, 186, 187, 189, 190,
    196, 198, 228, 232, 233, 1,   135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157,
    158, 165, 166, 168, 174, 175, 180, 182, 183, 188, 191, 197, 231, 239, 9,   142, 144, 145, 148, 159,
    171, 206, 215, 225, 236, 237, 199, 207, 234, 235, 192, 193, 200, 201, 202, 205, 210, 213, 218, 219,
    238, 240, 242, 243, 255, 203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250,
    251, 252, 253, 254, 2,   3,   4,   5,   6,   7,   8,   11,  12,  14,  15,  16,  17,  18,  19,  20,
    21,  23,  24,  25,  26,  27,  28,  29,  30,  31,  127, 220, 249, 10,  13,  22,
};

/* The next symbol of `bits` bits, left-aligned; 0: there is no whole one. */
static unsigned symbol_length(uint64_t bits, unsigned have, uint8_t *symbol)
{
    uint32_t first = 0; /* code of this length */
    uint32_t before = 0;
    for (unsigned length = 1; length <= LONGEST && length <= have; length++) {
        first <<= 1;
        const uint32_t code = (uint32_t)(bits >> (64 - length));
        const uint32_t count = count_of_length[length];
        if (code - first < count) {
            *symbol = symbols[before + code - first];
            return length;
        }
        first += count;
        before += count;
    }
    return 0;
}

enum parse huffman_decode(struct span code, uint8_t *out, size_t room, size_t *length, bool *cut)
{
    uint64_t bits = 0; /* left-aligned */
    unsigned have = 0;
    struct cursor c = cursor_over(code);
    *length = 0;
    for (;;) {
        for (; have <= 56 && cursor_left(&c); have += 8)
            bits |= (uint64_t)cursor_u8(&c) << (56 - have);
        uint8_t symbol = 0;
        const unsigned n = symbol_length(bits, have, &symbol);
        if (!n)
            break;
        if (*length == room) {
            *cut = true;
            return PARSE_OK;
        }
        out[(*length)++] = symbol;
        bits <<= n;
        have -= n;
    }
    /* Less than an octet is left, of ones. */
    return have < 8 && (have == 0 || bits >> (64 - have) == (1U << have) - 1) ? PARSE_OK : PARSE_BAD;
}
