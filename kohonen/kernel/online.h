/* The state of an online training. */
#ifndef KOHONEN_ONLINE_H
#define KOHONEN_ONLINE_H

#include "tiles.h"

enum { LOG = 64, TABLES = 16 };

/* The neighbourhood of one iteration, as two tables of factors by the signed distance from the best matching unit:
 * `across` in half columns, `down` in rows and times the learning rate. Units of even and of odd rows of a column
 * are neighbours in `across`: half a column apart on a hexagonal grid, equal on a rectangular one. */
struct table {
    double *across, *down; /* distance zero, in the middle of each table */
    int64_t reach;         /* columns beyond are not moved */
};

/* A step whose update is pending in some tiles. The tables are shifted by the best matching unit: unit (x, y) is
 * moved by the factor across[2 * x + y % 2] * down[y]. */
struct step {
    const double *v, *across, *down;
    int64_t first, last; /* half columns beyond are not moved */
};

/* The pending move of the boxes for the last step. */
struct move {
    const double *v; /* NULL if no move is pending */
    /* No factor of a tile's units exceeds the product of the near factors of its column and row, which are zero
     * beyond the reach, and none is less than the product of the far ones. */
    double *near_across, *far_across, *near_down, *far_down;
};

struct online {
    struct tiles *map;
    const double *samples;
    int64_t n;
    double sigma, rate, time_constant;
    int hexagonal, toroidal, gaps; /* with gaps, values of samples are missing */
    int64_t *start;     /* per sample: the tile of its previous best matching unit, or -1 */
    uint64_t *reached;  /* per tile: a bit mask of the log's steps that reach it */
    uint64_t *applied;  /* per tile: a bit mask of those already applied to its weights */
    struct step log[LOG];
    int logged;         /* number of steps in the log */
    uint64_t incomplete; /* a bit mask of the log's steps whose samples miss values */
    uint64_t *missing;  /* per component: a bit mask of those that miss it */
    int64_t *present;   /* with gaps: the components that the current sample has, */
    double *values;     /* and their values */
    struct table tables[TABLES];
    int table_count, tables_used; /* number of tables, and of those that the log refers to */
    struct move move;
    double *neighbourhood;         /* g(0), g(1), ... of the current iteration */
    double *bounds, *above, *below;
    double wrong;       /* bound of the rounding error of a box after moves for all steps of the log */
    double *memory;     /* the block of the arrays of doubles above */
};

#endif
