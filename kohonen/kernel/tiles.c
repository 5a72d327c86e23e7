/* Conversion of maps to tiles, and the library's version functions. */
#include "tiles.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int kohonen_interface(void) { return KOHONEN_INTERFACE; }

const char *kohonen_sources(void) { return KOHONEN_SOURCES; }

void *allocate(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - 64) return NULL;
    bytes = (bytes + 63) / 64 * 64 + (bytes == 0) * 64;
#if defined(_WIN32)
    void *memory = _aligned_malloc(bytes, 64);
#else
    void *memory = aligned_alloc(64, bytes);
#endif
    if (memory) memset(memory, 0, bytes);
    return memory;
}

void release(void *memory) {
#if defined(_WIN32)
    _aligned_free(memory);
#else
    free(memory);
#endif
}

/* The unit whose weights are stored at a place of a tile: its own or, beyond the edge of the map, the nearest. */
static int64_t unit_for(const struct tiles *map, int64_t column, int64_t row, int place) {
    if (map->index) {
        int64_t i = row * UNITS + place;
        while (map->index[i] < 0) i--;
        return map->index[i];
    }
    int64_t x = column * SIDE + place / SIDE, y = row * SIDE + place % SIDE;
    if (x >= map->width) x = map->width - 1;
    if (y >= map->height) y = map->height - 1;
    return x * map->height + y;
}

/* Copy weights, in C order of the units, into the tiles. */
static void fill(struct tiles *map, const double *weights) {
    for (int64_t column = 0; column < map->columns; column++)
        for (int64_t row = 0; row < map->rows; row++) {
            double *tile = tile_weights(map, column, row);
            for (int place = 0; place < UNITS; place++) {
                const double *unit = weights + unit_for(map, column, row, place) * map->dimension;
                for (int64_t k = 0; k < map->dimension; k++) {
                    tile[k * UNITS + place] = unit[k];
                    if (fabs(unit[k]) > map->magnitude) map->magnitude = fabs(unit[k]);
                }
            }
        }
}

/* Create the index of a map whose units are sorted; 0 if there is not enough memory. */
static int make_index(struct tiles *map, int64_t units, const double *weights) {
    map->index = allocate((size_t)map->rows * UNITS, sizeof *map->index);
    if (!map->index) return 0;
    for (int64_t i = 0; i < map->rows * UNITS; i++) map->index[i] = i < units ? i : -1;
    sort_units(map->index, units, weights, map->dimension);
    return 1;
}

struct tiles *open_tiles(int64_t width, int64_t height, int64_t dimension, const double *weights, int sorted,
                         int level) {
    struct tiles *map = allocate(1, sizeof *map);
    if (!map) return NULL;
    const struct variant *variant = variant_of(level);
    int64_t units = width * height;
    if (sorted) width = SIDE, height = (units + UNITS - 1) / UNITS * SIDE;
    map->width = width, map->height = height, map->dimension = dimension, map->level = level;
    map->columns = (width + SIDE - 1) / SIDE;
    map->rows = (height + SIDE - 1) / SIDE;
    map->stride = (map->rows + variant->width - 1) / variant->width * variant->width;
    for (int down = 0; down < SIDE; down++)
        map->edge[down] = (map->rows - 1) * SIDE + down < height ? 0.0 : INFINITY;
    map->weights = allocate((size_t)(map->columns * map->rows), (size_t)dimension * UNITS * sizeof(double));
    map->boxes = allocate((size_t)(map->columns * map->stride), (size_t)dimension * 2 * sizeof(double));
    if (!map->weights || !map->boxes || (sorted && !make_index(map, units, weights))) {
        close_tiles(map);
        return NULL;
    }
    fill(map, weights);
    variant->measure(map);
    return map;
}

void close_tiles(struct tiles *map) {
    if (!map) return;
    release(map->weights);
    release(map->boxes);
    release(map->index);
    release(map);
}

void kohonen_product(const double *a, int64_t a_step, const double *b, int64_t b_step, double *out, int64_t height,
                     int64_t depth, int64_t n, int64_t first, int64_t last, int level) {
    memset(out + first * n, 0, (size_t)((last - first) * n) * sizeof(double));
    while (first < last) {
        int64_t item = first / height, row = first % height;
        int64_t rows = height - row < last - first ? height - row : last - first;
        variant_of(level)->product(a + item * a_step + row * depth, b + item * b_step, out + first * n, rows, depth,
                                   n);
        first += rows;
    }
}
