/* Online training, for one instruction set: part of variant.h.
 *
 * A step finds the best matching unit of a sample and moves every unit within reach towards the sample. Updates
 * are lazy, since the search visits few tiles: the step is appended to a log, and each tile within reach marks it
 * as pending by one bit. When a search visits a tile, or the log is full, all pending steps are applied to the
 * tile, in order and in registers. Meanwhile the tile's box is moved, so that it contains the weights after the
 * pending steps; it is computed again when the log is full.
 *
 * Components that a sample misses are left out of its step: `missing` says for each component which pending steps
 * must not move it.
 */

void make_table(struct online *training, int64_t iteration, struct table *table);

/* Apply the pending steps to `group` dimensions of BLOCK rows of eight units, beginning with half column `x` of the
 * map. This is the inner loop: W = W + h (v - W). */
static inline __attribute__((always_inline)) void apply_block(const struct online *training, uint64_t pending,
                                                             double *weights, int64_t x, int64_t y, int64_t k,
                                                             const int group) {
    vec value[GROUP][BLOCK * PARTS];
    for (int g = 0; g < group; g++)
        for (int i = 0; i < BLOCK * PARTS; i++) value[g][i] = load(weights + g * UNITS + i * WIDTH);
    for (; pending; pending &= pending - 1) {
        const struct step *step = &training->log[__builtin_ctzll(pending)];
        if (x > step->last || x + 2 * BLOCK <= step->first) continue;
        const double *across = step->across + x, *down = step->down + y, *v = step->v + k;
        for (int i = 0; i < BLOCK * PARTS; i++) {
            vec h = alternate(across + i / PARTS * 2, i) * load(down + i % PARTS * WIDTH);
            for (int g = 0; g < group; g++)
                value[g][i] = value[g][i] + h * (splat(v[g]) - value[g][i]);
        }
    }
    for (int g = 0; g < group; g++)
        for (int i = 0; i < BLOCK * PARTS; i++) store(weights + g * UNITS + i * WIDTH, value[g][i]);
}

/* Apply pending steps to the weights of a tile; with `gaps`, they may miss components. */
static inline __attribute__((always_inline)) void apply_steps(const struct online *training, uint64_t pending,
                                                             int64_t column, int64_t row, const int gaps,
                                                             const int64_t dimension) {
    double *weights = tile_weights(training->map, column, row);
    int across = tile_across(training->map, column);
    /* Process dimensions in groups of nearly equal size, as few as registers allow; one by one where steps miss
     * some of them. */
    int64_t groups = gaps && pending & training->incomplete ? dimension : (dimension + GROUP - 1) / GROUP;
    for (int64_t k = 0; groups; groups--) {
        int64_t group = (dimension - k + groups - 1) / groups;
        for (int first = 0; first < across; first += BLOCK) {
            double *block = weights + k * UNITS + first * SIDE;
            int64_t x = 2 * (column * SIDE + first), y = row * SIDE;
            switch (group) {
#if GROUP >= 4
            case 4: apply_block(training, pending, block, x, y, k, 4); break;
#endif
            case 3: apply_block(training, pending, block, x, y, k, 3); break;
            case 2: apply_block(training, pending, block, x, y, k, 2); break;
            default: apply_block(training, gaps ? pending & ~training->missing[k] : pending, block, x, y, k, 1);
            }
        }
        k += group;
    }
}

/* Apply the pending steps to a tile. Its box has already been moved for them. */
static void apply_pending(struct online *training, int64_t column, int64_t row) {
    const struct tiles *map = training->map;
    int64_t tile = column * map->rows + row;
    uint64_t pending = training->reached[tile] & ~training->applied[tile];
    if (!pending) return;
    training->applied[tile] |= pending;
    if (training->gaps) apply_steps(training, pending, column, row, 1, map->dimension);
    else if (map->dimension == 3) apply_steps(training, pending, column, row, 0, 3);
    else apply_steps(training, pending, column, row, 0, map->dimension);
}

/* Apply and remove all steps of the log, and recompute the boxes of the tiles that they reach. */
static void flush_log(struct online *training) {
    struct tiles *map = training->map;
    for (int64_t column = 0; column < map->columns; column++)
        for (int64_t row = 0; row < map->rows; row++) {
            int64_t tile = column * map->rows + row;
            if (!training->reached[tile]) continue;
            apply_pending(training, column, row);
            measure(map, column, row, map->dimension);
            training->reached[tile] = training->applied[tile] = 0;
        }
    training->logged = 0;
    training->incomplete = 0;
    if (training->gaps) memset(training->missing, 0, (size_t)map->dimension * sizeof *training->missing);
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

/* Move the boxes for the previous step, and compute the bounds of the next sample for all tiles, in one pass. With
 * `gaps`, either may miss values. */
static inline void move_and_bound(struct online *training, const int gaps, const int64_t dimension) {
    /* Copies, since the compiler must assume that storing a vector changes the originals. */
    const int64_t columns = training->map->columns, stride = training->map->stride;
    const struct move move = training->move;
    const double *above = training->above, *below = training->below;
    double *box = training->map->boxes, *bounds = training->bounds;
    for (int64_t column = 0; column < columns; column++) {
        int moving = move.v && move.near_across[column] > 0.0;
        for (int64_t row = 0; row < stride; row += WIDTH, bounds += WIDTH) {
            vec near = splat(0.0), far = splat(0.0), sum = splat(0.0);
            if (moving) {
                near = splat(move.near_across[column]) * load(move.near_down + row);
                far = splat(move.far_across[column]) * load(move.far_down + row);
            }
            for (int64_t k = 0; k < dimension; k++, box += 2 * WIDTH) {
                if (moving && !(gaps && isnan(move.v[k]))) move_box(box, splat(move.v[k]), near, far);
                if (gaps && isnan(above[k])) continue;
                vec gap = most(load(box) - splat(above[k]), splat(below[k]) - load(box + WIDTH));
                gap = most(gap, splat(0.0));
                sum = sum + gap * gap;
            }
            store(bounds, sum);
        }
    }
}

#ifdef KOHONEN_CHECK
/* Stop the program unless each box contains the weights of its units, as they are after the pending steps. */
static void check_boxes(struct online *training) {
    struct tiles *map = training->map;
    size_t values = (size_t)map->dimension * UNITS;
    double *kept = allocate(values, sizeof *kept), wrong = training->wrong;
    for (int64_t column = 0; kept && column < map->columns; column++)
        for (int64_t row = 0; row < map->rows; row++) {
            double *weights = tile_weights(map, column, row), *box = box_of(map, column, row);
            uint64_t *applied = training->applied + column * map->rows + row, before = *applied;
            memcpy(kept, weights, values * sizeof *kept);
            apply_pending(training, column, row);
            for (int64_t i = 0; i < (int64_t)values; i++, box += i % UNITS ? 0 : 2 * WIDTH) {
                int64_t x = column * SIDE + i % UNITS / SIDE, y = row * SIDE + i % SIDE;
                if (x >= map->width || y >= map->height) continue;
                if (!(box[0] - wrong <= weights[i] && weights[i] <= box[WIDTH] + wrong)) abort();
            }
            memcpy(weights, kept, values * sizeof *kept);
            *applied = before;
        }
    release(kept);
}
#else
static inline void check_boxes(struct online *training) { (void)training; }
#endif

/* Apply the pending steps to a tile and insert its units. */
static inline void visit(struct online *training, int64_t column, int64_t row, const double *v,
                         struct found *found, const int64_t dimension, const int64_t *present) {
    apply_pending(training, column, row);
    consider_tile(training->map, column, row, v, 1, found, dimension, present);
}

/* List the components that a sample has and their values, note in the log those that it misses, and return the
 * number of the former. */
static inline int64_t list_present(struct online *training, const double *v, const int64_t dimension) {
    uint64_t bit = (uint64_t)1 << training->logged;
    int64_t count = 0;
    for (int64_t k = 0; k < dimension; k++) {
        uint64_t missing = isnan(v[k]) ? bit : 0;
        training->missing[k] |= missing;
        training->incomplete |= missing;
        training->present[count] = k;
        training->values[count] = v[k];
        count += !missing;
    }
    return count;
}

/* Find the best matching unit of a sample; `start` is the tile to visit first, or -1. */
static inline struct found find(struct online *training, const double *v, int64_t start, const int gaps,
                                const int64_t dimension) {
    const struct tiles *map = training->map;
    const int64_t *present = gaps ? training->present : NULL;
    const int64_t count = gaps ? list_present(training, v, dimension) : dimension;
    const double *values = gaps ? training->values : v;
    for (int64_t k = 0; k < dimension; k++) {
        training->above[k] = v[k] + training->wrong;
        training->below[k] = v[k] - training->wrong;
    }
    move_and_bound(training, gaps, dimension);
    check_boxes(training);
    const double *bounds = training->bounds;
    struct found found = NOTHING;
    if (start < 0) start = nearest_box(map, bounds);
    visit(training, start / map->stride, start % map->stride, values, &found, count, present);
    for (int64_t column = 0; column < map->columns; column++)
        for (int64_t row = 0; row < map->rows; row += WIDTH) {
            int64_t i = column * map->stride + row;
            unsigned mask = candidates(map, bounds, i, row, found.squared[0]);
            for (; mask; mask &= mask - 1) {
                int lane = __builtin_ctz(mask);
                if (i + lane == start || bounds[i + lane] > found.squared[0]) continue;
                visit(training, column, row + lane, values, &found, count, present);
            }
        }
    return found;
}

/* Bounds of the factors of tiles along an axis, of `side` entries of a table each. The map begins at the entry
 * -`best` and is `length` entries long. Factors fall with the distance from zero; on a torus, where `half` is half
 * of the way around, they rise again beyond it. */
static inline void extremes(const double *table, int64_t best, int64_t length, int64_t side, int64_t half,
                            double *near, double *far) {
    for (int64_t i = 0, k = 0; k < length; i++, k += side) {
        double first = table[k - best], last = table[(k + side < length ? k + side : length) - 1 - best];
        near[i] = first > last ? first : last;
        far[i] = first < last ? first : last;
    }
    near[best / side] = table[0];
    if (!half) return;
    if (best >= half) far[(best - half) / side] = table[half];
    if (best + half < length) far[(best + half) / side] = table[half];
}

/* Append a step to the log, and mark it as pending in all tiles within reach. */
static inline void record(struct online *training, const struct table *table, const double *v, int64_t x,
                          int64_t y) {
    const struct tiles *map = training->map;
    struct move *move = &training->move;
    int64_t odd = training->hexagonal & y, first = x - table->reach, last = x + table->reach;
    if (training->toroidal && (first < 0 || last >= map->width)) first = 0, last = map->width - 1;
    training->log[training->logged] =
        (struct step){v, table->across - 2 * x - odd, table->down - y, 2 * first, 2 * last + 1};
    move->v = v;
    int64_t half = training->toroidal * map->width, half_down = training->toroidal * map->height / 2;
    extremes(table->across, 2 * x + odd, 2 * map->width, 2 * SIDE, half, move->near_across, move->far_across);
    extremes(table->down, y, map->height, SIDE, half_down, move->near_down, move->far_down);
    uint64_t bit = (uint64_t)1 << training->logged++;
    for (int64_t column = 0; column < map->columns; column++) {
        if (move->near_across[column] == 0.0) continue;
        uint64_t *reached = training->reached + column * map->rows;
        for (int64_t row = 0; row < map->rows; row++) reached[row] |= move->near_down[row] > 0.0 ? bit : 0;
    }
}

/* Do one step: present one sample to the map. */
static inline void show(struct online *training, const struct table *table, int64_t sample, const int gaps,
                        const int64_t dimension) {
    const double *v = training->samples + sample * dimension;
    struct found found = find(training, v, training->start[sample], gaps, dimension);
    int64_t height = training->map->height, x = found.unit[0] / height, y = found.unit[0] % height;
    training->start[sample] = x / SIDE * training->map->stride + y / SIDE;
    record(training, table, v, x, y);
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
            if (training->gaps) show(training, table, i, 1, training->map->dimension);
            else if (training->map->dimension == 3) show(training, table, i, 0, 3);
            else show(training, table, i, 0, training->map->dimension);
        }
    }
    flush_log(training);
}
