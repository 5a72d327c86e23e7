/* Maps on their way into tiles and out again, and what the library says about itself. */
#include "tiles.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int kohonen_interface(void) { return KOHONEN_INTERFACE; }

double kohonen_exp(double x) { return exp(x); }

void *allocate(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - 64) return NULL;
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64 + (bytes == 0) * 64);
    if (memory) memset(memory, 0, bytes);
    return memory;
}

/* Copy weights (width, height, dimension) into the tiles; places beyond the edge get the nearest unit's. */
static void fill(struct tiles *map, const double *weights) {
    for (int64_t column = 0; column < map->columns; column++)
        for (int64_t row = 0; row < map->rows; row++) {
            double *tile = tile_weights(map, column, row);
            for (int across = 0; across < SIDE; across++)
                for (int down = 0; down < SIDE; down++) {
                    int64_t x = column * SIDE + across, y = row * SIDE + down;
                    if (x >= map->width) x = map->width - 1;
                    if (y >= map->height) y = map->height - 1;
                    const double *unit = weights + (x * map->height + y) * map->dimension;
                    for (int64_t k = 0; k < map->dimension; k++) {
                        tile[k * UNITS + across * SIDE + down] = unit[k];
                        if (fabs(unit[k]) > map->magnitude) map->magnitude = fabs(unit[k]);
                    }
                }
        }
}

kohonen_tiles *kohonen_tiles_open(int64_t width, int64_t height, int64_t dimension, const double *weights,
                                  int level) {
    struct tiles *map = calloc(1, sizeof *map);
    if (!map) return NULL;
    const struct variant *variant = variant_of(level);
    map->width = width, map->height = height, map->dimension = dimension, map->level = level;
    map->columns = (width + SIDE - 1) / SIDE;
    map->rows = (height + SIDE - 1) / SIDE;
    map->stride = (map->rows + variant->width - 1) / variant->width * variant->width;
    for (int down = 0; down < SIDE; down++)
        map->edge[down] = (map->rows - 1) * SIDE + down < height ? 0.0 : INFINITY;
    map->weights = allocate((size_t)(map->columns * map->rows), (size_t)dimension * UNITS * sizeof(double));
    map->boxes = allocate((size_t)(map->columns * map->stride), (size_t)dimension * 2 * sizeof(double));
    if (!map->weights || !map->boxes) {
        kohonen_tiles_close(map);
        return NULL;
    }
    fill(map, weights);
    variant->measure(map);
    return map;
}

void kohonen_tiles_close(kohonen_tiles *map) {
    if (!map) return;
    free(map->weights);
    free(map->boxes);
    free(map);
}

int kohonen_match(const kohonen_tiles *map, const double *samples, int64_t n, int count, int64_t *units,
                  double *squared) {
    return variant_of(map->level)->match(map, samples, n, count, units, squared);
}
