/* For processors with AVX-512 F, DQ and VL. */
#include "variant.h"

const struct variant variant_avx512 = {"avx512", WIDTH, PANEL, measure_all, match, filter, run, product};
