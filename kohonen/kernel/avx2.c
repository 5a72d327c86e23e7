/* For processors with AVX2 and BMI. */
#include "variant.h"

const struct variant variant_avx2 = {"avx2", WIDTH, measure_all, match, run, product};
