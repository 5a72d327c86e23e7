/* Online training: memory, tables and the public functions; train.h has the steps. */
#include "online.h"
#include "arithmetic.h"
#include <float.h>
#include <string.h>

/* The number of entries of the tables on either side of zero. Tiles extend beyond the map's edge. */
static int64_t size_across(const struct tiles *map) { return 2 * SIDE * map->columns; }
static int64_t size_down(const struct tiles *map) { return SIDE * map->rows; }

static int64_t longer(int64_t a, int64_t b) { return a > b ? a : b; }

/* Take the next `count` doubles from a block of memory. */
static double *take(double **memory, int64_t count) {
    double *taken = *memory;
    *memory += count;
    return taken;
}

/* Allocate all arrays of doubles in one block; 0 if there is not enough memory. */
static int take_memory(struct online *training) {
    const struct tiles *map = training->map;
    int64_t across = size_across(map), down = size_down(map);
    int64_t tiles = map->columns * map->stride;
    /* The log is flushed when all tables are in use. A very long map has fewer tables, to bound the memory. */
    int64_t affordable = ((int64_t)1 << 17) / (across + down);
    training->table_count = affordable > TABLES ? TABLES : affordable < 1 ? 1 : (int)affordable;
    int64_t total = training->table_count * 2 * (across + down) + longer(across, down) + tiles +
                    3 * map->dimension + 2 * map->columns + 2 * map->stride;
    double *memory = training->memory = allocate((size_t)total, sizeof(double));
    if (!memory) return 0;
    for (int i = 0; i < training->table_count; i++) {
        training->tables[i].across = take(&memory, 2 * across) + across;
        training->tables[i].down = take(&memory, 2 * down) + down;
    }
    training->bounds = take(&memory, tiles);
    training->move.near_down = take(&memory, map->stride);
    training->move.far_down = take(&memory, map->stride);
    training->move.near_across = take(&memory, map->columns);
    training->move.far_across = take(&memory, map->columns);
    training->above = take(&memory, map->dimension);
    training->below = take(&memory, map->dimension);
    training->values = take(&memory, map->dimension);
    training->neighbourhood = take(&memory, longer(across, down));
    return 1;
}

kohonen_online *kohonen_online_open(int64_t width, int64_t height, int64_t dimension, const double *weights,
                                    const double *samples, int64_t n, double sigma, double rate,
                                    double time_constant, int hexagonal, int toroidal, int level) {
    struct online *training = allocate(1, sizeof *training);
    if (!training) return NULL;
    struct tiles *map = training->map = open_tiles(width, height, dimension, weights, 0, level);
    if (map) {
        training->start = allocate((size_t)n, sizeof *training->start);
        training->reached = allocate((size_t)(map->columns * map->rows), sizeof *training->reached);
        training->applied = allocate((size_t)(map->columns * map->rows), sizeof *training->applied);
        training->missing = allocate((size_t)dimension, sizeof *training->missing);
        training->present = allocate((size_t)dimension, sizeof *training->present);
    }
    if (!map || !training->start || !training->reached || !training->applied || !training->missing ||
        !training->present || !take_memory(training)) {
        kohonen_online_close(training);
        return NULL;
    }
    training->samples = samples, training->n = n;
    training->sigma = sigma, training->rate = rate, training->time_constant = time_constant;
    training->hexagonal = hexagonal, training->toroidal = toroidal;
    for (int64_t i = 0; i < n; i++) training->start[i] = -1;
    for (int64_t i = 0; i < n * dimension; i++) {
        if (fabs(samples[i]) > map->magnitude) map->magnitude = fabs(samples[i]);
        if (isnan(samples[i])) training->gaps = 1;
    }
    /* Weights stay within the hull of samples and initial weights, up to rounding. In one step the weights and
     * the box are rounded in about ten operations, each by half a unit in the last place of a number below
     * twice the magnitude; 64 such units leave a margin. */
    training->wrong = LOG * 64 * DBL_EPSILON * map->magnitude;
    return training;
}

void kohonen_online_close(kohonen_online *training) {
    if (!training) return;
    close_tiles(training->map);
    release(training->start);
    release(training->reached);
    release(training->applied);
    release(training->missing);
    release(training->present);
    release(training->memory);
    release(training);
}

void kohonen_online_run(kohonen_online *training, int64_t first, int64_t last) {
    variant_of(training->map->level)->run(training, first, last);
}

void kohonen_online_weights(const kohonen_online *training, double *weights) {
    const struct tiles *map = training->map;
    for (int64_t x = 0; x < map->width; x++)
        for (int64_t y = 0; y < map->height; y++) {
            const double *unit = tile_weights(map, x / SIDE, y / SIDE) + x % SIDE * SIDE + y % SIDE;
            for (int64_t k = 0; k < map->dimension; k++) *weights++ = unit[k * UNITS];
        }
}

/* Smaller values of g count as zero; see kohonen/schedule.py. */
static const double CUT = 1e-12;

/* Compute g(0), g(1), ... for the distances along an axis of a map, which are multiples of the root of `square`, and
 * return how many are not cut. Up to `size`, farther places are copies of units at the edge, and move with them. */
static int64_t gaussian(double *g, int64_t distances, int64_t size, double square, double double_variance) {
    int64_t used = 1;
    g[0] = 1.0;
    if (double_variance == 0.0) return used;
    for (; used < distances; used++) {
        g[used] = exact_exp(-((double)used * (double)used * square) / double_variance);
        if (g[used] < CUT) return used;
    }
    for (double last = g[used - 1]; used < size; used++) g[used] = last;
    return used;
}

/* Fill a table of `size` entries on either side of zero with `factor` times g, in `copies` entries each; with a
 * `period` other than 0, distances are those of the shorter way around a torus. */
static inline __attribute__((always_inline)) void fill_table(double *table, int64_t size, const int copies,
                                                            const double *g, int64_t used, double factor,
                                                            int64_t period) {
    memset(table - size, 0, (size_t)(2 * size) * sizeof(double));
    if (period && used > period / 2 + 1) used = period / 2 + 1;
    for (int64_t k = 0; k < used && k * copies < size; k++)
        for (int i = 0; i < copies; i++) table[k * copies + i] = table[-k * copies + i] = factor * g[k];
    if (!period) return;
    for (int64_t i = used * copies; i < size; i++) table[i] = table[i - period * copies];
    for (int64_t i = (1 - used) * copies - 1; i >= -size; i--) table[i] = table[i + period * copies];
}

/* Compute the tables of an iteration, in the contract's order of operations. */
void make_table(struct online *training, int64_t iteration, struct table *table) {
    const struct tiles *map = training->map;
    double decay = training->time_constant == 0.0 ? 1.0 : exact_exp(-(double)iteration / training->time_constant);
    double radius = training->sigma * decay, rate = training->rate * decay;
    double double_variance = 2.0 * radius * radius, *g = training->neighbourhood;
    int hexagonal = training->hexagonal, toroidal = training->toroidal, copies = 2 - hexagonal;
    int64_t across = size_across(map), down = size_down(map), length = 2 * map->width / copies;
    int64_t longest = hexagonal ? length : longer(length, map->height);
    int64_t used = gaussian(g, toroidal ? longest / 2 + 1 : longest, longer(across / copies, down),
                            hexagonal ? 0.25 : 1.0, double_variance);
    table->reach = hexagonal ? used / 2 : used - 1;
    if (hexagonal) fill_table(table->across, across, 1, g, used, 1.0, toroidal * length);
    else fill_table(table->across, across, 2, g, used, 1.0, toroidal * length);
    if (hexagonal) used = gaussian(g, toroidal ? map->height / 2 + 1 : map->height, down, 0.75, double_variance);
    fill_table(table->down, down, 1, g, used, rate, toroidal * map->height);
}
