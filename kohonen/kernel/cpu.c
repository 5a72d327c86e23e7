/* Detects the instruction sets of this processor at run time. */
#include "tiles.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* The register state that the operating system saves: bit 1 SSE, 2 AVX, 5 to 7 AVX-512. */
static unsigned saved_state(void) {
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

int kohonen_highest_level(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || (saved_state() & 0x06) != 0x06) return 0;
    int fma = (c & bit_FMA) != 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    if (!fma || !(b & bit_AVX2) || !(b & bit_BMI)) return 0;
    if ((saved_state() & 0xe6) != 0xe6) return 1;
    return (b & bit_AVX512F) && (b & bit_AVX512DQ) && (b & bit_AVX512VL) ? 2 : 1;
}

const struct variant *variant_of(int level) {
    return level >= 2 ? &variant_avx512 : level == 1 ? &variant_avx2 : &variant_baseline;
}

#else

int kohonen_highest_level(void) { return 0; }

const struct variant *variant_of(int level) {
    (void)level;
    return &variant_baseline;
}

#endif

const char *kohonen_level_name(int level) { return variant_of(level)->name; }
