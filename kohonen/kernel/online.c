/* Online training: memory, tables and the public functions; train.h has the steps. */
#include "online.h"
#include "arithmetic.h"
#include <float.h>
#include <stdlib.h>
#include <string.h>

/* Padding of the tables, since tiles extend beyond the map's edge. */
enum { MARGIN = 2 * SIDE };

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
    int64_t across = map->width + MARGIN, down = map->height + MARGIN;
    int64_t tiles = map->columns * map->stride;
    /* The log is flushed when all tables are in use. A very long map has fewer tables, to bound the memory. */
    int64_t affordable = ((int64_t)1 << 17) / (across + down);
    training->table_count = affordable > TABLES ? TABLES : affordable < 1 ? 1 : (int)affordable;
    int64_t total = training->table_count * 2 * (across + down) + longer(across, down) + tiles +
                    2 * map->dimension + 2 * map->columns + 2 * map->stride;
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
    training->neighbourhood = take(&memory, longer(across, down));
    return 1;
}

kohonen_online *kohonen_online_open(int64_t width, int64_t height, int64_t dimension, const double *weights,
                                    const double *samples, int64_t n, double sigma, double rate,
                                    double time_constant, int level) {
    struct online *training = calloc(1, sizeof *training);
    if (!training) return NULL;
    struct tiles *map = training->map = kohonen_tiles_open(width, height, dimension, weights, 0, level);
    if (map) {
        training->start = allocate((size_t)n, sizeof *training->start);
        training->reached = allocate((size_t)(map->columns * map->rows), sizeof *training->reached);
        training->applied = allocate((size_t)(map->columns * map->rows), sizeof *training->applied);
    }
    if (!map || !training->start || !training->reached || !training->applied || !take_memory(training)) {
        kohonen_online_close(training);
        return NULL;
    }
    training->samples = samples, training->n = n;
    training->sigma = sigma, training->rate = rate, training->time_constant = time_constant;
    for (int64_t i = 0; i < n; i++) training->start[i] = -1;
    for (int64_t i = 0; i < n * dimension; i++)
        if (fabs(samples[i]) > map->magnitude) map->magnitude = fabs(samples[i]);
    /* Weights stay within the hull of samples and initial weights, up to rounding. In one step the weights and
     * the box are rounded in about ten operations, each by half a unit in the last place of a number below
     * twice the magnitude; 64 such units leave a margin. */
    training->wrong = LOG * 64 * DBL_EPSILON * map->magnitude;
    return training;
}

void kohonen_online_close(kohonen_online *training) {
    if (!training) return;
    kohonen_tiles_close(training->map);
    free(training->start);
    free(training->reached);
    free(training->applied);
    free(training->memory);
    free(training);
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

/* Compute the tables of an iteration, in the contract's order of operations. */
void make_table(struct online *training, int64_t iteration, struct table *table) {
    const struct tiles *map = training->map;
    double decay = training->time_constant == 0.0 ? 1.0 : exact_exp(-(double)iteration / training->time_constant);
    double radius = training->sigma * decay, rate = training->rate * decay;
    double double_variance = 2.0 * radius * radius;
    int64_t across = map->width + MARGIN, down = map->height + MARGIN, used = 1;
    double *g = training->neighbourhood;
    g[0] = 1.0;
    if (double_variance != 0.0)
        for (; used < longer(across, down); used++) {
            g[used] = exact_exp(-((double)used * (double)used) / double_variance);
            if (g[used] < CUT) break;
        }
    table->reach = used - 1;
    memset(table->across - across, 0, (size_t)(2 * across) * sizeof(double));
    memset(table->down - down, 0, (size_t)(2 * down) * sizeof(double));
    for (int64_t k = 0; k < used && k < across; k++) table->across[k] = table->across[-k] = g[k];
    for (int64_t k = 0; k < used && k < down; k++) table->down[k] = table->down[-k] = rate * g[k];
}
