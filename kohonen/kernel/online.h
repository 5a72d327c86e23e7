/* A training under way. */
#ifndef KOHONEN_ONLINE_H
#define KOHONEN_ONLINE_H

#include "tiles.h"

enum { LOG = 64, TABLES = 16 };

/* The neighbourhoods of one iteration, as tables that are read at any distance from the best matching unit, also
 * at negative ones: across[k] = g(|k|), down[k] = rate * g(|k|). */
struct table {
    double *across, *down; /* the middles of the two tables */
    int64_t reach;         /* g is zero at distances beyond */
};

/* A step whose update is still to be done in some tiles. The tables are as seen from the best matching unit: what
 * moves unit (x, y) is across[x] * down[y]. */
struct step {
    const double *v, *across, *down;
    int64_t first, last; /* the units that it moves, across */
};

/* How the boxes are still to be moved for the step done last. */
struct move {
    const double *v; /* NULL when there is nothing to do */
    int64_t first, last; /* columns of tiles */
    /* The greatest and the least factor by which units of a tile move is the product of these for its column
     * and its row. */
    double *near_across, *far_across, *near_down, *far_down;
};

struct online {
    struct tiles *map;
    const double *samples;
    int64_t n;
    double sigma, rate, time_constant;
    int64_t *start;     /* of each sample: the tile of its best matching unit when it was shown last, or -1 */
    uint64_t *reached;  /* of each tile: which steps of the log reach it, one bit each */
    uint64_t *applied;  /* of each tile: which of these its weights have done already */
    struct step log[LOG];
    int logged;         /* how many steps the log holds */
    struct table tables[TABLES];
    int table_count, tables_used; /* how many there are; how many of them the log refers to */
    struct move move;
    double *neighbourhood;         /* g(0), g(1), ... of the current iteration */
    double *bounds, *above, *below;
    double wrong;       /* what a box may be wrong by when it has been moved for every step of the log */
    double *memory;     /* what holds the arrays of doubles above */
};

#endif
