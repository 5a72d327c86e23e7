/* The state of an online training. */
#ifndef KOHONEN_ONLINE_H
#define KOHONEN_ONLINE_H

#include "tiles.h"

enum { LOG = 64, TABLES = 16 };

/* The neighbourhood of one iteration, as tables indexed by the signed distance from the best matching unit:
 * across[k] = g(|k|), down[k] = rate * g(|k|). */
struct table {
    double *across, *down; /* distance zero, in the middle of each table */
    int64_t reach;         /* g is zero at distances beyond */
};

/* A step whose update is pending in some tiles. The tables are shifted by the best matching unit: unit (x, y) is
 * moved by the factor across[x] * down[y]. */
struct step {
    const double *v, *across, *down;
    int64_t first, last; /* columns of units within reach */
};

/* The pending move of the boxes for the last step. */
struct move {
    const double *v; /* NULL if no move is pending */
    int64_t first, last; /* columns of tiles */
    /* The greatest and the least factor of a tile's units are the products of these for its column and row. */
    double *near_across, *far_across, *near_down, *far_down;
};

struct online {
    struct tiles *map;
    const double *samples;
    int64_t n;
    double sigma, rate, time_constant;
    int64_t *start;     /* per sample: the tile of its previous best matching unit, or -1 */
    uint64_t *reached;  /* per tile: a bit mask of the log's steps that reach it */
    uint64_t *applied;  /* per tile: a bit mask of those already applied to its weights */
    struct step log[LOG];
    int logged;         /* number of steps in the log */
    struct table tables[TABLES];
    int table_count, tables_used; /* number of tables, and of those that the log refers to */
    struct move move;
    double *neighbourhood;         /* g(0), g(1), ... of the current iteration */
    double *bounds, *above, *below;
    double wrong;       /* bound of the rounding error of a box after moves for all steps of the log */
    double *memory;     /* the block of the arrays of doubles above */
};

#endif
