/* The search by bounds, for one instruction set: part of variant.h.
 *
 * A distance is taken over `dimension` components: those that `present` lists, in ascending order, or all of them if
 * it is NULL. The values of a sample are compact: v[i] is that of component present[i]. */

/* So that loops are compiled for a constant dimension, and for samples without gaps. A page loads fewer variants. */
#if defined(__wasm__)
#define INLINE static
#else
#define INLINE static inline __attribute__((always_inline))
#endif

enum { PARTS = SIDE / WIDTH }; /* vectors in a column of eight units */

static inline int64_t component(const int64_t *present, int64_t i) { return present ? present[i] : i; }

/* The start of a tile's box; dimension k is at + k * 2 * WIDTH, the maxima are WIDTH after the minima. */
static inline double *box_of(const struct tiles *map, int64_t column, int64_t row) {
    int64_t index = column * map->stride + row;
    return map->boxes + index / WIDTH * WIDTH * map->dimension * 2 + index % WIDTH;
}

/* Compute the box of a tile from its weights. */
static inline void measure(struct tiles *map, int64_t column, int64_t row, const int64_t dimension) {
    const double *weights = tile_weights(map, column, row);
    double *box = box_of(map, column, row);
    int across = tile_across(map, column);
    for (int64_t k = 0; k < dimension; k++) {
        const double *plane = weights + k * UNITS;
        vec low = load(plane), high = low;
        for (int part = 1; part < PARTS; part++) {
            low = least(low, load(plane + part * WIDTH));
            high = most(high, load(plane + part * WIDTH));
        }
        for (int i = SIDE; i < across * SIDE; i += WIDTH) {
            low = least(low, load(plane + i));
            high = most(high, load(plane + i));
        }
        box[k * 2 * WIDTH] = least_of(low);
        box[k * 2 * WIDTH + WIDTH] = most_of(high);
    }
}

static void measure_all(struct tiles *map) {
    for (int64_t column = 0; column < map->columns; column++)
        for (int64_t row = 0; row < map->stride; row++) {
            if (row < map->rows) {
                measure(map, column, row, map->dimension);
                continue;
            }
            /* Padding: a box so far away that its distance to any sample is infinite. */
            double *box = box_of(map, column, row);
            for (int64_t k = 0; k < map->dimension; k++)
                box[k * 2 * WIDTH] = box[k * 2 * WIDTH + WIDTH] = 1e200;
        }
}

/* Squared distances of a sample v to the units of a tile, summed in order of dimension; infinite beyond the lower
 * edge of the map. Returns the least of those on the map. */
INLINE double distances(const struct tiles *map, int64_t column, int64_t row, const double *v,
                        double *restrict out, const int64_t dimension, const int64_t *present) {
    const double *weights = tile_weights(map, column, row);
    const double *beyond = row == map->rows - 1 ? map->edge : map->inside;
    const int across = tile_across(map, column);
    vec smallest = splat(INFINITY);
    for (int first = 0; first < across; first += 4) {
        vec sum[4 * PARTS];
        for (int i = 0; i < 4 * PARTS; i++) sum[i] = load(beyond + i % PARTS * WIDTH);
        for (int64_t k = 0; k < dimension; k++) {
            const double *plane = weights + component(present, k) * UNITS + first * SIDE;
            for (int i = 0; i < 4 * PARTS; i++) {
                vec difference = splat(v[k]) - load(plane + i * WIDTH);
                sum[i] = sum[i] + difference * difference;
            }
        }
        for (int i = 0; i < 4 * PARTS; i++) {
            store(out + first * SIDE + i * WIDTH, sum[i]);
            if (first + i / PARTS < across) smallest = least(smallest, sum[i]);
        }
    }
    return least_of(smallest);
}

/* The first place with a distance of at most `limit`, which must exist. */
static inline int64_t first_at_most(const double *distance, double limit) {
    for (int64_t i = 0;; i += WIDTH) {
        unsigned mask = at_most(load(distance + i), splat(limit));
        if (mask) return i + __builtin_ctz(mask);
    }
}

/* The index in C order of the unit at a place in a tile; -1 if the place holds a copy. Within a tile indices grow
 * with the place, and copies come last. */
static inline int64_t unit_at(const struct tiles *map, int64_t column, int64_t row, int64_t place) {
    if (map->index) return map->index[row * UNITS + place];
    return (column * SIDE + place / SIDE) * map->height + row * SIDE + place % SIDE;
}

/* Lower bounds of a sample's squared distances to the units of each tile: `above` and `below` are the sample plus
 * and minus the rounding error of the boxes. Rounding is monotone and the operations are those of the distances,
 * so that no unit is nearer than its bound. */
INLINE void bound_all(const struct tiles *map, const double *above, const double *below, double *bounds,
                      const int64_t dimension, const int64_t *present) {
    const double *boxes = map->boxes;
    const int64_t step = (present ? map->dimension : dimension) * 2 * WIDTH;
    for (int64_t i = 0; i < map->columns * map->stride; i += WIDTH, boxes += step) {
        vec sum = splat(0.0);
        for (int64_t k = 0; k < dimension; k++) {
            const double *box = boxes + component(present, k) * 2 * WIDTH;
            vec gap = most(most(load(box) - splat(above[k]), splat(below[k]) - load(box + WIDTH)), splat(0.0));
            sum = sum + gap * gap;
        }
        store(bounds + i, sum);
    }
}

/* The tile with the nearest box, as column * stride + row. */
static inline int64_t nearest_box(const struct tiles *map, const double *bounds) {
    vec smallest = splat(INFINITY);
    for (int64_t i = 0; i < map->columns * map->stride; i += WIDTH) smallest = least(smallest, load(bounds + i));
    return first_at_most(bounds, least_of(smallest));
}

/* A bit mask of those tiles i .. i + WIDTH - 1 that may hold a unit within `limit`. `row` is the row of the first;
 * places beyond the last row are padding. */
static inline unsigned candidates(const struct tiles *map, const double *bounds, int64_t i, int64_t row,
                                  double limit) {
    unsigned mask = at_most(load(bounds + i), splat(limit));
    int64_t left = map->rows - row;
    return left < WIDTH ? mask & ((1u << left) - 1) : mask;
}

/* The nearest units found so far, nearest first, and the number of distances computed. */
struct found {
    double squared[2];
    int64_t unit[2];
    int64_t distances;
};

static const struct found NOTHING = {{INFINITY, INFINITY}, {INT64_MAX, INT64_MAX}, 0};

/* Insert a unit if it is nearer than those found; ties go to the lower index. */
static inline void consider(struct found *found, int count, double squared, int64_t unit) {
    for (int i = 0; i < count; i++) {
        if (squared > found->squared[i] || (squared == found->squared[i] && unit > found->unit[i])) continue;
        if (i + 1 < count) {
            found->squared[i + 1] = found->squared[i];
            found->unit[i + 1] = found->unit[i];
        }
        found->squared[i] = squared;
        found->unit[i] = unit;
        return;
    }
}

/* Insert the units of a tile. */
INLINE void consider_tile(const struct tiles *map, int64_t column, int64_t row, const double *v,
                          int count, struct found *found, const int64_t dimension,
                          const int64_t *present) {
    double distance[UNITS];
    found->distances += UNITS;
    double least_distance = distances(map, column, row, v, distance, dimension, present);
    if (least_distance > found->squared[count - 1]) return;
    if (count == 1) {
        consider(found, 1, least_distance, unit_at(map, column, row, first_at_most(distance, least_distance)));
        return;
    }
    int end = tile_across(map, column) * SIDE;
    for (int i = 0; i < end; i += WIDTH)
        for (unsigned mask = at_most(load(distance + i), splat(found->squared[1])); mask; mask &= mask - 1) {
            int place = i + __builtin_ctz(mask);
            int64_t unit = unit_at(map, column, row, place);
            if (unit >= 0 && distance[place] < INFINITY) consider(found, 2, distance[place], unit);
        }
}

/* The nearest units of one sample on a constant map. */
INLINE struct found match_one(const struct tiles *map, const double *v, int count, double *bounds,
                              const int64_t dimension, const int64_t *present) {
    struct found found = NOTHING;
    bound_all(map, v, v, bounds, dimension, present);
    int64_t start = nearest_box(map, bounds);
    consider_tile(map, start / map->stride, start % map->stride, v, count, &found, dimension, present);
    for (int64_t column = 0; column < map->columns; column++)
        for (int64_t row = 0; row < map->rows; row += WIDTH) {
            int64_t i = column * map->stride + row;
            unsigned mask = candidates(map, bounds, i, row, found.squared[count - 1]);
            for (; mask; mask &= mask - 1) {
                int lane = __builtin_ctz(mask);
                if (i + lane == start || bounds[i + lane] > found.squared[count - 1]) continue;
                consider_tile(map, column, row + lane, v, count, &found, dimension, present);
            }
        }
    return found;
}

/* The memory of a search: the bounds of the tiles, and the components present in a sample and their values. */
struct scratch {
    double *bounds, *values;
    int64_t *present;
};

static void close_scratch(struct scratch scratch) { release(scratch.bounds), release(scratch.present); }

/* The bounds are NULL if there is not enough memory. */
static struct scratch open_scratch(const struct tiles *map) {
    int64_t tiles = map->columns * map->stride;
    struct scratch scratch = {allocate((size_t)(tiles + map->dimension), sizeof(double)), NULL,
                              allocate((size_t)map->dimension, sizeof(int64_t))};
    if (!scratch.bounds || !scratch.present) {
        close_scratch(scratch);
        return (struct scratch){NULL, NULL, NULL};
    }
    scratch.values = scratch.bounds + tiles;
    return scratch;
}

/* The nearest units of one sample, which may have gaps. */
static struct found match_any(const struct tiles *map, const double *v, int count, struct scratch scratch) {
    int64_t dimension = 0;
    for (int64_t k = 0; k < map->dimension; k++) dimension += v[k] == v[k];
    if (dimension == map->dimension && dimension == 3) return match_one(map, v, count, scratch.bounds, 3, NULL);
    if (dimension == map->dimension) return match_one(map, v, count, scratch.bounds, dimension, NULL);
    for (int64_t k = 0, i = 0; k < map->dimension; k++)
        if (v[k] == v[k]) scratch.present[i] = k, scratch.values[i++] = v[k];
    return match_one(map, scratch.values, count, scratch.bounds, dimension, scratch.present);
}

/* Write a result, and return the number of distances computed for it. */
static int64_t put(struct found found, int count, int64_t *units, double *squared) {
    for (int i = 0; i < count; i++) units[i] = found.unit[i], squared[i] = found.squared[i];
    return found.distances;
}

static int64_t match(const struct search *search, const double *samples, int64_t n, int count, int64_t *units,
                     double *squared) {
    const struct tiles *map = search->map;
    struct scratch scratch = open_scratch(map);
    if (!scratch.bounds) return -1;
    int64_t distances = 0;
    for (int64_t i = 0; i < n; i++)
        distances += put(match_any(map, samples + i * map->dimension, count, scratch), count, units + i * count,
                         squared + i * count);
    close_scratch(scratch);
    return distances;
}
