#ifndef BELLWETHER_TEXT_MARKS_H
#define BELLWETHER_TEXT_MARKS_H

/* Comparing many bytes at once: Swift has the comparison, but no way to make one word of its
   lanes. Clang's vectors, no processor's own instructions: SSE2, NEON and others come of it. */

#include <stdint.h>
#include <string.h>

typedef uint8_t bellwether_marks_bytes __attribute__((ext_vector_type(16)));
typedef int8_t bellwether_marks_lanes __attribute__((ext_vector_type(16)));
typedef _Bool bellwether_marks_bits __attribute__((ext_vector_type(16)));

/* What of 64 bytes is what; bit n stands for byte n. */
typedef struct {
    uint64_t quotes;
    /* Not 0 if any of the bytes is a backslash, a control character or beyond ASCII. */
    uint64_t others;
} bellwether_marks_block;

static inline __attribute__((always_inline)) uint64_t bellwether_marks_word(bellwether_marks_lanes hits) {
    bellwether_marks_bits bits = __builtin_convertvector(hits & 1, bellwether_marks_bits);
    uint16_t word;
    memcpy(&word, &bits, sizeof word);
    return word;
}

static inline __attribute__((always_inline)) bellwether_marks_block bellwether_text_marks(const void *bytes) {
    bellwether_marks_block block = {0, 0};
    bellwether_marks_lanes others = 0;
    for (int i = 0; i < 4; i++) {
        bellwether_marks_bytes some;
        memcpy(&some, (const char *)bytes + 16 * i, sizeof some);
        block.quotes |= bellwether_marks_word((bellwether_marks_lanes)(some == '"')) << (16 * i);
        /* As signed numbers, those beyond ASCII are below all others. */
        others |= (bellwether_marks_lanes)(some == '\\')
            | (bellwether_marks_lanes)((bellwether_marks_lanes)some < 0x20);
    }
    block.others = bellwether_marks_word(others);
    return block;
}

#endif
