/* The search by the float32 filter, for one instruction set: part of variant.h. See panels.h for the method.
 *
 * A block of samples is compared with one panel of units after the other. Each sample keeps its least scores so far
 * and the units within the tolerance of them. */

enum { PANEL = VECTORS * LANES, KEPT = 16, BLOCK_ROWS = 32 * ROWS, BLOCK_FLOATS = 32768 };

/* A sample of a block. */
struct row {
    const double *v;
    double tolerance;
    float best[2];      /* the least scores */
    int kept;           /* the number of candidates */
    float score[KEPT];
    int64_t unit[KEPT];
    struct found found; /* the nearest of the candidates whose distances have been computed */
};

/* A block of samples. */
struct block {
    struct row *rows;
    float *limits; /* scores up to here are candidates; NaN for rows that are not searched */
    float *values; /* centred and scaled, in groups of ROWS samples: [dimension][ROWS] */
};

static struct block open_block(int64_t size, int64_t dimension) {
    struct block block = {allocate((size_t)size, sizeof *block.rows), allocate((size_t)size, sizeof(float)),
                          allocate((size_t)size, (size_t)dimension * sizeof(float))};
    return block;
}

static void close_block(struct block block) {
    free(block.rows);
    free(block.limits);
    free(block.values);
}

/* Begin with sample v as row i of a block; 0 if it has gaps, or values too large for the filter. */
static int begin(const struct panels *panels, struct block block, int64_t i, const double *v) {
    const int64_t dimension = panels->dimension;
    float *values = block.values + i / ROWS * ROWS * dimension + i % ROWS;
    double square = 0.0, largest = 0.0;
    for (int64_t k = 0; k < dimension; k++) {
        double value = (v[k] - panels->centre[k]) * panels->scale * panels->scale;
        square += value * value;
        largest = fabs(value) > largest ? fabs(value) : largest;
        values[k * ROWS] = (float)value;
    }
    block.limits[i] = NAN;
    if (isnan(square) || largest > FILTER_MAGNITUDE) return 0;
    double norm = sqrt(square), most = panels->norm;
    struct row *row = block.rows + i;
    row->v = v, row->kept = 0, row->found = NOTHING;
    row->best[0] = row->best[1] = FLT_MAX;
    row->tolerance = panels->relative * (norm * most + most * most / 2.0) +
                     panels->rounding * (norm + most) * (norm + most) + panels->underflow;
    block.limits[i] = FLT_MAX;
    return 1;
}

/* Compute the distances of the candidates of a row whose scores are within the limit, and discard them all. */
static void recheck(const struct panels *panels, struct row *row, float limit, int count) {
    const int64_t dimension = panels->dimension;
    for (int i = 0; i < row->kept; i++) {
        if (row->score[i] > limit) continue;
        const double *weights = panels->weights + row->unit[i] * dimension;
        double sum = 0.0;
        for (int64_t k = 0; k < dimension; k++) sum += (row->v[k] - weights[k]) * (row->v[k] - weights[k]);
        consider(&row->found, count, sum, row->unit[i]);
        row->found.distances++;
    }
    row->kept = 0;
}

/* Keep the units of a panel, from unit `first` on, whose scores are within the limit of a row. */
static __attribute__((noinline)) void keep(const struct panels *panels, struct row *row, float *limit,
                                           const float *scores, int64_t first, int count) {
    for (int v = 0; v < PANEL; v += LANES)
        for (unsigned mask = fat_most(fload(scores + v), fsplat(*limit)); mask; mask &= mask - 1) {
            int place = v + __builtin_ctz(mask);
            float score = scores[place];
            if (score > *limit) continue;
            if (row->kept == KEPT) recheck(panels, row, *limit, count);
            row->score[row->kept] = score, row->unit[row->kept++] = first + place;
            if (score >= row->best[count - 1]) continue;
            if (count == 2 && score < row->best[0]) row->best[1] = row->best[0], row->best[0] = score;
            else row->best[count - 1] = score;
            *limit = (float)fmin(row->best[count - 1] + row->tolerance, FLT_MAX);
        }
}

/* Compute the scores of ROWS samples for the units of a panel, from unit `first` on, and keep the candidates. */
static inline void score(const struct panels *panels, const float *panel, int64_t first, struct block block, int64_t i,
                         int count) {
    const int64_t dimension = panels->dimension;
    const float *values = block.values + i * dimension;
    float *limits = block.limits + i;
    fvec sum[ROWS][VECTORS];
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VECTORS; v++) sum[r][v] = fload(panel + v * LANES);
    for (int64_t k = 0; k < dimension; k++) {
        fvec weights[VECTORS];
        panel += PANEL;
        for (int v = 0; v < VECTORS; v++) weights[v] = fload(panel + v * LANES);
        for (int r = 0; r < ROWS; r++) {
            fvec value = fsplat(values[k * ROWS + r]);
            for (int v = 0; v < VECTORS; v++) sum[r][v] = minus_product(sum[r][v], value, weights[v]);
        }
    }
    /* Without the pragmas GCC keeps the sums in memory. */
    unsigned near = 0;
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) {
        fvec smallest = sum[r][0];
        for (int v = 1; v < VECTORS; v++) smallest = fleast(smallest, sum[r][v]);
        near |= fat_most(smallest, fsplat(limits[r]));
    }
    if (!near) return;
    float scores[ROWS][PANEL];
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VECTORS; v++) fstore(scores[r] + v * LANES, sum[r][v]);
    for (int r = 0; r < ROWS; r++) keep(panels, block.rows + i + r, limits + r, scores[r], first, count);
}

static int64_t filter(const struct search *search, const double *samples, int64_t n, int count, int64_t *units,
                      double *squared) {
    const struct panels *panels = search->panels;
    const int64_t dimension = panels->dimension;
    int64_t size = BLOCK_FLOATS / dimension / ROWS * ROWS, distances = 0;
    size = size < ROWS ? ROWS : size > BLOCK_ROWS ? BLOCK_ROWS : size;
    struct block block = open_block(size, dimension);
    struct scratch scratch = open_scratch(search->map);
    if (!block.rows || !block.limits || !block.values || !scratch.bounds) distances = -1;
    for (int64_t start = 0; start < n && distances >= 0; start += size) {
        int64_t rows = n - start < size ? n - start : size;
        for (int64_t i = 0; i < rows; i++)
            if (!begin(panels, block, i, samples + (start + i) * dimension))
                block.rows[i].found = match_any(search->map, samples + (start + i) * dimension, count, scratch);
        for (int64_t i = rows; i % ROWS; i++) block.limits[i] = NAN;
        for (int64_t first = 0; first < panels->units; first += PANEL)
            for (int64_t i = 0; i < rows; i += ROWS)
                score(panels, panels->values + first * (1 + dimension), first, block, i, count);
        for (int64_t i = 0; i < rows; i++) {
            if (!isnan(block.limits[i])) recheck(panels, block.rows + i, block.limits[i], count);
            distances += put(block.rows[i].found, count, units + (start + i) * count, squared + (start + i) * count);
        }
    }
    close_scratch(scratch);
    close_block(block);
    return distances;
}
