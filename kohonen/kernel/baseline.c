/* For every processor of the architecture: SSE2 on x86-64, NEON on arm64. */
#include "variant.h"

const struct variant variant_baseline = {"baseline", WIDTH, PANEL, measure_all, match, filter, run, product};
