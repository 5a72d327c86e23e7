/* Matrix products in a fixed order, for one instruction set: part of variant.h.
 *
 * Each element is summed from zero in ascending order, so that products have the same bits everywhere. The sums of a
 * tile of elements are kept in registers, for as long as blocks of both matrices stay in the cache. Zeros before the
 * first and after the last value of the tile's rows and columns are left out, which makes products of band matrices
 * fast: a sum that starts from zero is never a negative zero, so adding a zero does not change it. */

enum { TALL = 4, WIDE = 2 * WIDTH };             /* of a tile */
enum { HEIGHT = 128, DEPTH = 256, CHUNK = 32 };  /* of the blocks: HEIGHT x DEPTH and DEPTH x CHUNK */

/* Places from `first` to before `last`. */
struct span {
    int64_t first, last;
};

/* Whether `count` values, `step` apart, are all zero. */
static inline int all_zero(const double *values, int64_t step, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (values[i * step] != 0.0) return 0;
    return 1;
}

/* Leave out the places at both ends that have only zeros: `count` values, `step` apart. The values of consecutive
 * places are `next` apart. */
static inline struct span trim(struct span span, const double *values, int64_t next, int64_t step, int64_t count) {
    while (span.first < span.last && all_zero(values + span.first * next, step, count)) span.first++;
    while (span.first < span.last && all_zero(values + (span.last - 1) * next, step, count)) span.last--;
    return span;
}

static inline int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t greater(int64_t a, int64_t b) { return a > b ? a : b; }

/* Add the products of some rows of `a`, `depth` apart, with a panel of columns to a tile of rows `step` apart. */
static inline void multiply(const double *const *rows, const double *panel, struct span span, double *out,
                            int64_t step) {
    vec sum[TALL][2];
    for (int r = 0; r < TALL; r++) sum[r][0] = load(out + r * step), sum[r][1] = load(out + r * step + WIDTH);
    for (int64_t k = span.first; k < span.last; k++) {
        vec left = load(panel + k * WIDE), right = load(panel + k * WIDE + WIDTH);
        for (int r = 0; r < TALL; r++) {
            vec factor = splat(rows[r][k]);
            sum[r][0] = sum[r][0] + factor * left;
            sum[r][1] = sum[r][1] + factor * right;
        }
    }
    for (int r = 0; r < TALL; r++) store(out + r * step, sum[r][0]), store(out + r * step + WIDTH, sum[r][1]);
}

/* `multiply` where less than four rows or a whole panel of columns are left. */
static void multiply_edge(const double *const *rows, const double *panel, struct span span, double *out,
                          int64_t step, int64_t height, int64_t columns) {
    double edge[TALL * WIDE] = {0};
    for (int64_t r = 0; r < height; r++) memcpy(edge + r * WIDE, out + r * step, (size_t)columns * sizeof(double));
    multiply(rows, panel, span, edge, WIDE);
    for (int64_t r = 0; r < height; r++) memcpy(out + r * step, edge + r * WIDE, (size_t)columns * sizeof(double));
}

/* Copy columns of `b` into panels, which are padded with zeros. */
static void pack(const double *b, int64_t n, struct span span, int64_t columns, double *panels) {
    for (int64_t k = span.first; k < span.last; k++)
        for (int64_t column = 0; column < columns; column += WIDE) {
            double *row = panels + column * DEPTH + k * WIDE;
            if (columns - column >= WIDE) memcpy(row, b + k * n + column, WIDE * sizeof(double));
            else
                for (int c = 0; c < WIDE; c++) row[c] = column + c < columns ? b[k * n + column + c] : 0.0;
        }
}

/* Add the products of at most HEIGHT x DEPTH values of `a`, rows `step` apart, with as many rows of `b`. */
static void multiply_block(const double *a, int64_t step, const double *b, double *out, int64_t height,
                           int64_t depth, int64_t n) {
    double panels[DEPTH * CHUNK];
    struct span all = {depth, 0}, spans[HEIGHT / TALL];
    for (int64_t row = 0; row < height; row += TALL) {
        struct span span = trim((struct span){0, depth}, a + row * step, 1, step, lesser(height - row, TALL));
        if (span.first < span.last) all = (struct span){lesser(all.first, span.first), greater(all.last, span.last)};
        spans[row / TALL] = span;
    }
    if (all.first >= all.last) return;
    for (int64_t start = 0; start < n; start += CHUNK) {
        int64_t columns = lesser(n - start, CHUNK);
        pack(b + start, n, all, columns, panels);
        for (int64_t column = 0; column < columns; column += WIDE) {
            const double *panel = panels + column * DEPTH;
            struct span filled = trim(all, panel, WIDE, 1, WIDE);
            for (int64_t row = 0; row < height; row += TALL) {
                struct span span = spans[row / TALL];
                span = (struct span){greater(span.first, filled.first), lesser(span.last, filled.last)};
                if (span.first >= span.last) continue;
                int64_t left = lesser(height - row, TALL), right = lesser(columns - column, WIDE);
                const double *rows[TALL];
                for (int r = 0; r < TALL; r++) rows[r] = a + (row + lesser(r, left - 1)) * step;
                double *tile = out + row * n + start + column;
                if (left == TALL && right == WIDE) multiply(rows, panel, span, tile, n);
                else multiply_edge(rows, panel, span, tile, n, left, right);
            }
        }
    }
}

static void product(const double *a, const double *b, double *out, int64_t height, int64_t depth, int64_t n) {
    for (int64_t row = 0; row < height; row += HEIGHT)
        for (int64_t k = 0; k < depth; k += DEPTH)
            multiply_block(a + row * depth + k, depth, b + k * n, out + row * n, lesser(height - row, HEIGHT),
                           lesser(depth - k, DEPTH), n);
}
