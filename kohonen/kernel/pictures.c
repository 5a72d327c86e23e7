/* Pictures in few colours: histograms of pixels, tables of colours, and dithering. Pixels are red, green and blue of 8
 * bits each. */
#include <string.h>
#include "arithmetic.h"
#include "kernel.h"

static inline int64_t cell_of(const uint8_t *pixel, int bits) {
    int shift = 8 - bits;
    return ((int64_t)(pixel[0] >> shift) << bits | pixel[1] >> shift) << bits | pixel[2] >> shift;
}

void kohonen_pixel_cells(const uint8_t *pixels, int64_t n, int bits, uint32_t *counts, int64_t *sums) {
    for (int64_t i = 0; i < n; i++, pixels += 3) {
        int64_t cell = cell_of(pixels, bits);
        counts[cell]++;
        if (sums)
            for (int k = 0; k < 3; k++) sums[3 * cell + k] += pixels[k];
    }
}

void kohonen_pixel_marks(const uint8_t *pixels, int64_t n, int bits, uint8_t *marks) {
    for (int64_t i = 0; i < n; i++) marks[cell_of(pixels + 3 * i, bits)] = 1;
}

void kohonen_pixel_table(const uint8_t *pixels, int64_t n, int bits, const uint8_t *table, uint8_t *out) {
    for (int64_t i = 0; i < n; i++) out[i] = table[cell_of(pixels + 3 * i, bits)];
}

static void multiply(const double *matrix, const double *x, double *out) {
    for (int k = 0; k < 3; k++, matrix += 3) out[k] = matrix[0] * x[0] + matrix[1] * x[1] + matrix[2] * x[2];
}

/* Return the colour nearest to a pixel; ties go to the lowest index. */
static int64_t nearest(const int *pixel, const double *levels, const double *matrices, const double *colours,
                       int64_t count) {
    double x[3], between[3];
    for (int k = 0; k < 3; k++) x[k] = levels[pixel[k]];
    if (matrices) {
        multiply(matrices, x, between);
        for (int k = 0; k < 3; k++) between[k] = exact_cbrt(between[k]);
        multiply(matrices + 9, between, x);
    }
    int64_t best = 0;
    double least = INFINITY;
    for (int64_t i = 0; i < count; i++) {
        double d[3], sum;
        for (int k = 0; k < 3; k++) d[k] = x[k] - colours[3 * i + k];
        sum = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
        if (sum < least) least = sum, best = i;
    }
    return best;
}

void kohonen_dither(const uint8_t *pixels, const uint8_t *opaque, int64_t height, int64_t width,
                    const double *levels, const double *matrices, const double *colours, const uint8_t *palette,
                    int64_t count, double strength, double *errors, uint8_t *out) {
    int64_t line = 3 * (width + 2); /* a column at each side, whose errors are dropped */
    memset(errors, 0, 2 * line * sizeof *errors);
    for (int64_t y = 0; y < height; y++) {
        double *here = errors + y % 2 * line + 3, *below = errors + (1 - y % 2) * line + 3;
        int64_t step = y % 2 ? -1 : 1;
        memset(below - 3, 0, line * sizeof *errors);
        for (int64_t i = 0, x = y % 2 ? width - 1 : 0; i < width; i++, x += step) {
            if (opaque && !opaque[y * width + x]) continue;
            double value[3];
            int pixel[3];
            for (int k = 0; k < 3; k++) {
                value[k] = pixels[3 * (y * width + x) + k] + here[3 * x + k];
                value[k] = value[k] < 0.0 ? 0.0 : value[k] > 255.0 ? 255.0 : value[k];
                pixel[k] = (int)(value[k] + 0.5);
            }
            int64_t best = nearest(pixel, levels, matrices, colours, count);
            out[y * width + x] = (uint8_t)best;
            for (int k = 0; k < 3; k++) {
                double error = (value[k] - palette[3 * best + k]) * strength / 16.0;
                here[3 * (x + step) + k] += 7.0 * error;
                below[3 * (x - step) + k] += 3.0 * error;
                below[3 * x + k] += 5.0 * error;
                below[3 * (x + step) + k] += error;
            }
        }
    }
}
