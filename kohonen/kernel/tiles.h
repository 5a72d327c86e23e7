/* The memory layout of a map: tiles of 8 x 8 units, each with the bounding box of its weights.
 *
 * A tile is 64 units: eight steps to the right ("across"), eight downwards. Its weights are contiguous, as
 * [dimension][across][down], so that a vector holds units below one another. Where the map ends inside a tile,
 * the places beyond its edge hold copies of the units at the edge. Copies are trained like units, which avoids
 * special cases, but a search never returns them.
 *
 * The box of a tile is the minimum and the maximum of its weights in each dimension. A sample's distance to the
 * box is a lower bound of its distance to every unit of the tile, so that a search skips nearly all tiles. Boxes
 * of WIDTH tiles below one another are interleaved, [dimension][minimum, maximum][WIDTH], so that they are
 * compared together.
 *
 * For search without training, units may be sorted into tiles of similar weights, which helps on a map that is
 * not well ordered. Such a map is one column of tiles, with an index of the units.
 */
#ifndef KOHONEN_TILES_H
#define KOHONEN_TILES_H

#include <stddef.h>
#include <stdint.h>
#include "kernel.h"

enum { SIDE = 8, UNITS = SIDE * SIDE };

struct tiles {
    int64_t width, height, dimension; /* of the map, in units */
    int64_t columns, rows;            /* of tiles */
    int64_t stride;                   /* rows rounded up to whole vectors: in arrays of one value per tile,
                                         tile (column, row) is at column * stride + row */
    int level;                        /* of the instruction set */
    double *weights;
    double *boxes;
    int64_t *index;                   /* of the unit at each place, or -1; NULL if units are not sorted */
    double magnitude;                 /* bound of the magnitude of all weights, present and past */
    double edge[SIDE];                /* added to distances in the last row of tiles: infinite beyond the map */
    double inside[SIDE];              /* added to distances in all other rows: zeros */
};

/* The start of the weights of a tile. */
static inline double *tile_weights(const struct tiles *map, int64_t column, int64_t row) {
    return map->weights + (column * map->rows + row) * map->dimension * UNITS;
}

/* The number of a tile's columns that are on the map. */
static inline int tile_across(const struct tiles *map, int64_t column) {
    int64_t left = map->width - column * SIDE;
    return left < SIDE ? (int)left : SIDE;
}

/* Convert a map to tiles: in the order of its grid or, if `sorted`, by its weights, which takes longer and makes
 * searches faster. NULL if there is not enough memory. */
struct tiles *open_tiles(int64_t width, int64_t height, int64_t dimension, const double *weights, int sorted,
                         int level);
void close_tiles(struct tiles *map);

/* Sort units into tiles of similar weights by permuting index[0 .. units - 1]. See sort.c. */
void sort_units(int64_t *index, int64_t units, const double *weights, int64_t dimension);

/* The functions that are compiled for each instruction set. */
struct variant {
    const char *name;
    int width; /* of its vectors, in doubles */
    int panel; /* units per panel of the filter */
    void (*measure)(struct tiles *map);
    int64_t (*match)(const struct search *search, const double *samples, int64_t n, int count, int64_t *units,
                     double *squared);
    int64_t (*filter)(const struct search *search, const double *samples, int64_t n, int count, int64_t *units,
                      double *squared);
    void (*run)(struct online *training, int64_t first, int64_t last);
    void (*product)(const double *a, const double *b, double *out, int64_t height, int64_t depth, int64_t n);
};

extern const struct variant variant_baseline;
#if defined(__x86_64__)
extern const struct variant variant_avx2;
extern const struct variant variant_avx512;
#endif

/* The variant of a level, from 0; see cpu.c. */
const struct variant *variant_of(int level);

/* Allocate zeroed memory, aligned to vectors; NULL if there is not enough. `release` frees it. */
void *allocate(size_t count, size_t size);
void release(void *memory);

#endif
