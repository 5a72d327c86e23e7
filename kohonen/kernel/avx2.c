/* For processors with AVX2, FMA and BMI. */
#include "variant.h"

const struct variant variant_avx2 = {"avx2", WIDTH, PANEL, measure_all, match, filter, run, product};
