/* Views of a map for pages; kohonen/analysis/views.py has the same. */
#include "kernel.h"
#include <math.h>

/* Steps to half of a unit's neighbours, across and down: on a rectangular grid, and in even and odd rows of a hexagonal
 * one. The other half are their opposites. */
static const int64_t STEPS[3][4][2] = {
    {{1, 0}, {0, 1}, {1, 1}, {1, -1}}, {{1, 0}, {0, 1}, {-1, 1}}, {{1, 0}, {1, 1}, {0, 1}}};

static double distance(const double *a, const double *b, int64_t dimension) {
    double sum = 0.0;
    for (int64_t k = 0; k < dimension; k++) sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sqrt(sum);
}

void kohonen_u_matrix(int64_t width, int64_t height, int64_t dimension, const double *weights, int hexagonal,
                      int toroidal, double *out) {
    for (int64_t unit = 0; unit < width * height; unit++) {
        int64_t neighbours[8], count = 0;
        double sum = 0.0;
        for (int i = 0; i < 2 * (4 - hexagonal); i++) {
            int64_t sign = i % 2 ? -1 : 1, y = unit % height;
            int64_t to_y = y + sign * STEPS[hexagonal][i / 2][1], odd = (sign > 0 ? y : to_y) & 1;
            int64_t to_x = unit / height + sign * STEPS[hexagonal ? 1 + odd : 0][i / 2][0];
            if (toroidal) to_x = (to_x + width) % width, to_y = (to_y + height) % height;
            if (to_x < 0 || to_x >= width || to_y < 0 || to_y >= height) continue;
            int64_t other = to_x * height + to_y, new = other != unit;
            /* On a narrow torus several steps lead to one unit. */
            for (int64_t j = 0; j < count; j++) new &= other != neighbours[j];
            if (!new) continue;
            neighbours[count++] = other;
            sum += distance(weights + unit * dimension, weights + other * dimension, dimension);
        }
        out[unit] = sum / (count ? (double)count : 1.0);
    }
}
