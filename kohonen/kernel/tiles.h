/* How a map lies in memory: tiles of 8 x 8 units, each with the box that its weights are in.
 *
 * A tile is 64 units: eight steps to the right ("across"), eight downwards. Its weights are one piece of memory,
 * dimension by dimension, [dimension][across][down], so that a vector holds units below one another. Where the
 * map ends inside a tile, the places beyond its edge hold copies of the units at the edge: they are trained
 * along, so that nothing there is ever special, but they are never found.
 *
 * The box of a tile is the least and the greatest value of its weights in each dimension. A sample's distance to
 * the box bounds its distance to every unit of the tile from below, and a search passes over nearly all tiles.
 * Boxes of WIDTH tiles below one another are interleaved, [dimension][least, greatest][WIDTH], so that they
 * are compared together.
 *
 * For a search alone, a unit's place on the grid does not matter: there units may be sorted into tiles of similar
 * weights, however badly ordered the map is. Such a map is one column of tiles, and an index tells the units.
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
    int64_t stride;                   /* rows rounded up to whole vectors: tile (column, row) is at
                                         column * stride + row wherever there is one value a tile */
    int level;                        /* of the instruction set */
    double *weights;
    double *boxes;
    int64_t *index;                   /* of the unit in each place, or -1; NULL where the map lies as its grid */
    double magnitude;                 /* no weight is, or ever was, larger than this */
    double edge[SIDE];                /* added to distances in the last row of tiles: infinite beyond the map */
    double inside[SIDE];              /* added everywhere else: zeros */
};

/* Where the weights of a tile begin. */
static inline double *tile_weights(const struct tiles *map, int64_t column, int64_t row) {
    return map->weights + (column * map->rows + row) * map->dimension * UNITS;
}

/* How many of the eight steps to the right are on the map. */
static inline int tile_across(const struct tiles *map, int64_t column) {
    int64_t left = map->width - column * SIDE;
    return left < SIDE ? (int)left : SIDE;
}

/* Sort units into tiles of similar weights: index[0 .. units] becomes their order. See sort.c. */
void sort_units(int64_t *index, int64_t units, const double *weights, int64_t dimension);

/* What is compiled once for each instruction set. */
struct variant {
    const char *name;
    int width; /* of its vectors */
    void (*measure)(struct tiles *map);
    int64_t (*match)(const struct tiles *map, const double *samples, int64_t n, int count, int64_t *units,
                     double *squared);
    void (*run)(struct online *training, int64_t first, int64_t last);
};

extern const struct variant variant_baseline;
#if defined(__x86_64__)
extern const struct variant variant_avx2;
extern const struct variant variant_avx512;
#endif

/* The variant of a level, from 0; see cpu.c. */
const struct variant *variant_of(int level);

/* Memory that vectors may be aligned to; NULL when short. */
void *allocate(size_t count, size_t size);

#endif
