/* Online training, for one instruction set: part of variant.h.
 *
 * A step finds the best matching unit of a sample and moves every unit within reach towards the sample. Updates
 * are lazy, since the search visits few tiles: the step is appended to a log, and each tile within reach marks it
 * as pending by one bit. When a search visits a tile, or the log is full, all pending steps are applied to the
 * tile, in order and in registers. Meanwhile the tile's box is moved, so that it contains the weights before and
 * after the pending steps; it is computed again when the log is full.
 */

void make_table(struct online *training, int64_t iteration, struct table *table);

/* Apply the pending steps to `group` dimensions of BLOCK rows of eight units, beginning with column `x` of the
 * map. This is the inner loop: W = W + h (v - W). */
static inline __attribute__((always_inline)) void apply_block(const struct online *training, uint64_t pending,
                                                             double *weights, int64_t x, int64_t y, int64_t k,
                                                             const int group) {
    vec value[GROUP][BLOCK * PARTS];
    for (int g = 0; g < group; g++)
        for (int i = 0; i < BLOCK * PARTS; i++) value[g][i] = load(weights + g * UNITS + i * WIDTH);
    for (; pending; pending &= pending - 1) {
        const struct step *step = &training->log[__builtin_ctzll(pending)];
        if (x > step->last || x + BLOCK - 1 < step->first) continue;
        const double *across = step->across + x, *down = step->down + y;
        for (int i = 0; i < BLOCK * PARTS; i++) {
            vec h = splat(across[i / PARTS]) * load(down + i % PARTS * WIDTH);
            for (int g = 0; g < group; g++)
                value[g][i] = value[g][i] + h * (splat(step->v[k + g]) - value[g][i]);
        }
    }
    for (int g = 0; g < group; g++)
        for (int i = 0; i < BLOCK * PARTS; i++) store(weights + g * UNITS + i * WIDTH, value[g][i]);
}

/* Apply the pending steps to the weights of a tile. Its box has already been moved for them. */
static inline void apply_pending(struct online *training, int64_t column, int64_t row, const int64_t dimension) {
    struct tiles *map = training->map;
    int64_t tile = column * map->rows + row;
    uint64_t pending = training->reached[tile] & ~training->applied[tile];
    if (!pending) return;
    training->applied[tile] |= pending;
    double *weights = tile_weights(map, column, row);
    int across = tile_across(map, column);
    /* Process dimensions in groups of nearly equal size, as few as registers allow. */
    for (int64_t k = 0, groups = (dimension + GROUP - 1) / GROUP; groups; groups--) {
        int64_t group = (dimension - k + groups - 1) / groups;
        for (int first = 0; first < across; first += BLOCK) {
            double *block = weights + k * UNITS + first * SIDE;
            int64_t x = column * SIDE + first, y = row * SIDE;
            switch (group) {
#if GROUP >= 4
            case 4: apply_block(training, pending, block, x, y, k, 4); break;
#endif
            case 3: apply_block(training, pending, block, x, y, k, 3); break;
            case 2: apply_block(training, pending, block, x, y, k, 2); break;
            default: apply_block(training, pending, block, x, y, k, 1);
            }
        }
        k += group;
    }
}

/* Apply and remove all steps of the log, and recompute the boxes of the tiles that they reach. */
static void flush_log(struct online *training) {
    struct tiles *map = training->map;
    for (int64_t column = 0; column < map->columns; column++)
        for (int64_t row = 0; row < map->rows; row++) {
            int64_t tile = column * map->rows + row;
            if (!training->reached[tile]) continue;
            if (map->dimension == 3) apply_pending(training, column, row, 3);
            else apply_pending(training, column, row, map->dimension);
            measure(map, column, row, map->dimension);
            training->reached[tile] = training->applied[tile] = 0;
        }
    training->logged = 0;
    training->tables_used = 0;
    training->move.v = NULL;
}

/* Move the box [low, high] for a step towards v with factors between `far` and `near`. */
static inline void move_box(double *box, vec v, vec near, vec far) {
    vec low = load(box), high = load(box + WIDTH);
    vec up = v - low, down = v - high;
    store(box, low + least(near * up, far * up));
    store(box + WIDTH, high + most(near * down, far * down));
}

/* Move the boxes for the previous step, and compute the bounds of the next sample for all tiles, in one pass. */
static inline void move_and_bound(struct online *training, const int64_t dimension) {
    /* Copies, since the compiler must assume that storing a vector changes the originals. */
    const int64_t columns = training->map->columns, stride = training->map->stride;
    const struct move move = training->move;
    const double *above = training->above, *below = training->below;
    double *box = training->map->boxes, *bounds = training->bounds;
    for (int64_t column = 0; column < columns; column++) {
        int moving = move.v && move.first <= column && column <= move.last;
        for (int64_t row = 0; row < stride; row += WIDTH, bounds += WIDTH) {
            vec near = splat(0.0), far = splat(0.0), sum = splat(0.0);
            if (moving) {
                near = splat(move.near_across[column]) * load(move.near_down + row);
                far = splat(move.far_across[column]) * load(move.far_down + row);
            }
            for (int64_t k = 0; k < dimension; k++, box += 2 * WIDTH) {
                if (moving) move_box(box, splat(move.v[k]), near, far);
                vec gap = most(load(box) - splat(above[k]), splat(below[k]) - load(box + WIDTH));
                gap = most(gap, splat(0.0));
                sum = sum + gap * gap;
            }
            store(bounds, sum);
        }
    }
}

/* Apply the pending steps to a tile and insert its units. */
static inline void visit(struct online *training, int64_t column, int64_t row, const double *v,
                         struct found *found, const int64_t dimension) {
    apply_pending(training, column, row, dimension);
    consider_tile(training->map, column, row, v, 1, found, dimension, NULL);
}

/* Find the best matching unit of a sample; `start` is the tile to visit first, or -1. */
static inline struct found find(struct online *training, const double *v, int64_t start,
                                const int64_t dimension) {
    const struct tiles *map = training->map;
    for (int64_t k = 0; k < dimension; k++) {
        training->above[k] = v[k] + training->wrong;
        training->below[k] = v[k] - training->wrong;
    }
    move_and_bound(training, dimension);
    const double *bounds = training->bounds;
    struct found found = NOTHING;
    if (start < 0) start = nearest_box(map, bounds);
    visit(training, start / map->stride, start % map->stride, v, &found, dimension);
    for (int64_t column = 0; column < map->columns; column++)
        for (int64_t row = 0; row < map->rows; row += WIDTH) {
            int64_t i = column * map->stride + row;
            unsigned mask = candidates(map, bounds, i, row, found.squared[0]);
            for (; mask; mask &= mask - 1) {
                int lane = __builtin_ctz(mask);
                if (i + lane == start || bounds[i + lane] > found.squared[0]) continue;
                visit(training, column, row + lane, v, &found, dimension);
            }
        }
    return found;
}

/* The greatest and the least value of a table in each of the tiles that begin at distances k, k + 8, ... */
static inline void extremes(const double *table, int64_t k, int64_t tiles, double *near, double *far) {
    for (int64_t i = 0; i < tiles; i++, k += SIDE) {
        near[i] = table[k > 0 ? k : k < 1 - SIDE ? k + SIDE - 1 : 0];
        far[i] = table[k > -SIDE / 2 ? k + SIDE - 1 : k];
    }
}

/* Append a step to the log, and mark it as pending in all tiles within reach. */
static inline void record(struct online *training, const struct table *table, const double *v, int64_t unit) {
    const struct tiles *map = training->map;
    int64_t x = unit / map->height, y = unit % map->height, reach = table->reach;
    int64_t left = x > reach ? x - reach : 0, right = x + reach < map->width ? x + reach : map->width - 1;
    int64_t top = y > reach ? y - reach : 0, bottom = y + reach < map->height ? y + reach : map->height - 1;
    training->log[training->logged] = (struct step){v, table->across - x, table->down - y, left, right};
    uint64_t bit = (uint64_t)1 << training->logged++;
    for (int64_t column = left / SIDE; column <= right / SIDE; column++) {
        uint64_t *reached = training->reached + column * map->rows;
        for (int64_t row = top / SIDE, last = bottom / SIDE; row <= last; row++) reached[row] |= bit;
    }
    struct move *move = &training->move;
    move->v = v, move->first = left / SIDE, move->last = right / SIDE;
    extremes(table->across, -x, map->columns, move->near_across, move->far_across);
    extremes(table->down, -y, map->rows, move->near_down, move->far_down);
}

/* Do one step: present one sample to the map. */
static inline void show(struct online *training, const struct table *table, int64_t sample,
                        const int64_t dimension) {
    const double *v = training->samples + sample * dimension;
    struct found found = find(training, v, training->start[sample], dimension);
    int64_t height = training->map->height;
    training->start[sample] =
        found.unit[0] / height / SIDE * training->map->stride + found.unit[0] % height / SIDE;
    record(training, table, v, found.unit[0]);
}

/* Flush the log within an iteration, whose table becomes the first and only one in use. */
static void make_room(struct online *training) {
    struct table *first = &training->tables[0], *current = &training->tables[training->tables_used - 1];
    struct table kept = *current;
    *current = *first;
    *first = kept;
    flush_log(training);
    training->tables_used = 1;
}

static void run(struct online *training, int64_t first, int64_t last) {
    for (int64_t t = first; t < last; t++) {
        if (training->tables_used == training->table_count) flush_log(training);
        make_table(training, t, &training->tables[training->tables_used++]);
        for (int64_t i = 0; i < training->n; i++) {
            if (training->logged == LOG) make_room(training);
            const struct table *table = &training->tables[training->tables_used - 1];
            if (training->map->dimension == 3) show(training, table, i, 3);
            else show(training, table, i, training->map->dimension);
        }
    }
    flush_log(training);
}
