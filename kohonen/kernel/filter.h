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
    release(block.rows);
    release(block.limits);
    release(block.values);
}

/* Begin with row i of a block: a sample whose norm, centred and scaled, is the root of `square`. */
static void begin(const struct panels *panels, struct block block, int64_t i, const double *v, double square) {
    struct row *row = block.rows + i;
    double norm = sqrt(square), most = panels->norm;
    row->v = v, row->kept = 0, row->found = NOTHING;
    row->best[0] = row->best[1] = FLT_MAX;
    row->tolerance = panels->relative * (norm * most + most * most / 2.0) +
                     panels->rounding * (norm + most) * (norm + most) + panels->underflow;
    /* Not if a value is missing or the norm is too large for the filter. */
    block.limits[i] = norm <= FILTER_NORM ? FLT_MAX : NAN;
}

/* Begin with the rows i .. i + ROWS - 1 of a block; those from `rows` on are not searched. */
static void begin_group(const struct panels *panels, struct block block, int64_t i, int64_t rows,
                        const double *samples) {
    const int64_t dimension = panels->dimension;
    float *values = block.values + i * dimension;
    const double *v[ROWS];
    double square[ROWS] = {0.0};
    for (int r = 0; r < ROWS; r++) v[r] = samples + (i + r < rows ? i + r : i) * dimension;
    for (int64_t k = 0; k < dimension; k++)
        for (int r = 0; r < ROWS; r++) {
            double value = (v[r][k] - panels->centre[k]) * panels->scale * panels->scale;
            square[r] += value * value;
            values[k * ROWS + r] = (float)value;
        }
    for (int r = 0; r < ROWS; r++) begin(panels, block, i + r, v[r], i + r < rows ? square[r] : NAN);
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
            double within = row->best[count - 1] + row->tolerance;
            *limit = within < FLT_MAX ? (float)within : FLT_MAX;
        }
}

/* Compute the scores of ROWS samples for the units of a panel, from unit `first` on, and keep the candidates. */
INLINE void score(const struct panels *panels, const float *panel, int64_t first, struct block block, int64_t i,
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
    unsigned near[ROWS], any = 0;
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) {
        fvec smallest = sum[r][0];
        for (int v = 1; v < VECTORS; v++) smallest = fleast(smallest, sum[r][v]);
        any |= near[r] = fat_most(smallest, fsplat(limits[r]));
    }
    if (!any) return;
    float scores[ROWS][PANEL];
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VECTORS; v++) fstore(scores[r] + v * LANES, sum[r][v]);
    for (int r = 0; r < ROWS; r++)
        if (near[r]) keep(panels, block.rows + i + r, limits + r, scores[r], first, count);
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
        for (int64_t i = 0; i < rows; i += ROWS) begin_group(panels, block, i, rows, samples + start * dimension);
        for (int64_t first = 0; first < panels->units; first += PANEL)
            for (int64_t i = 0; i < rows; i += ROWS)
                score(panels, panels->values + first * (1 + dimension), first, block, i, count);
        for (int64_t i = 0; i < rows; i++) {
            struct row *row = block.rows + i;
            if (isnan(block.limits[i])) row->found = match_any(search->map, row->v, count, scratch);
            else recheck(panels, row, block.limits[i], count);
            distances += put(row->found, count, units + (start + i) * count, squared + (start + i) * count);
        }
    }
    close_scratch(scratch);
    close_block(block);
    return distances;
}
