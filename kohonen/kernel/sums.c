/* Exact sums for batch training; kohonen/engines/sums.py has the representation. */
#include "kernel.h"
#include <math.h>

/* Bits of the lower limb. */
enum { LOW = 36 };

static inline void add(int64_t *limbs, int64_t components, double value, const double *factors) {
    int64_t integer = llrint(value * factors[0] * factors[components]);
    limbs[0] += integer >> LOW;
    limbs[components] += integer & (((int64_t)1 << LOW) - 1);
}

void kohonen_sums_add(int64_t *limbs, int64_t components, const double *factors, const int64_t *units,
                      const double *samples, const double *sample_weight, int64_t n, int64_t dimension) {
    for (int64_t i = 0; i < n; i++, samples += dimension) {
        int64_t *unit = limbs + units[i] * 2 * components;
        double weight = sample_weight ? sample_weight[i] : 1.0;
        for (int64_t k = 0; k < dimension; k++)
            if (samples[k] == samples[k]) add(unit + k, components, weight * samples[k], factors + k);
        for (int64_t k = dimension; k < components; k++)
            if (samples[k - dimension] == samples[k - dimension]) add(unit + k, components, weight, factors + k);
    }
}

void kohonen_sums_planes(const int64_t *limbs, int64_t units, int64_t components, const double *inverses,
                         double *planes) {
    for (int64_t i = 0; i < units; i++, limbs += 2 * components)
        for (int64_t k = 0; k < components; k++) {
            __int128 sum = (__int128)limbs[k] * ((int64_t)1 << LOW) + limbs[components + k];
            planes[k * units + i] = (double)sum * inverses[k] * inverses[components + k];
        }
}
