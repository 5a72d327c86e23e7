/* Random small maps through the kernel, on every instruction set, against the literal algorithm: bit for bit; and the
 * elementary functions against NumPy's digest of them.
 *
 *     driver SEED CASES
 *
 * It needs no Python, so that sanitizers and emulators can run it. It ends with 1 at the first difference.
 */
#include "arithmetic.h"
#include "kernel.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

/* A random number (splitmix64). */
static uint64_t random_bits(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t below(uint64_t limit) {
    return random_bits() % limit;
}

static double *numbers(int64_t count) {
    double *array = malloc((size_t)count * sizeof *array);
    if (!array) exit(2);
    return array;
}

struct problem {
    int64_t width, height, dimension, n, iterations;
    double sigma, rate, time_constant;
    int hexagonal, toroidal, gaps;
    double *weights, *samples;
};

/* Values on few levels make ties, on many they make none. */
static struct problem make_problem(void) {
    static const uint64_t levels[] = {1, 2, 3, 5, 1000003};
    static const double scales[] = {1.0, 255.0, 1e-3, 1e150, 1e-160}, sigmas[] = {1e-150, 0.2, 1.0, 1.5, 40.0};
    struct problem p;
    int long_one = below(8) == 0;
    p.width = 1 + (int64_t)below(long_one ? 80 : 20), p.height = 1 + (int64_t)below(20);
    p.hexagonal = (int)below(2), p.toroidal = (int)below(2);
    if (p.hexagonal && p.toroidal) p.height += p.height % 2;
    p.dimension = 1 + (int64_t)below(below(4) ? 5 : 18);
    p.n = 1 + (int64_t)below(below(4) ? 12 : 150), p.iterations = 1 + (int64_t)below(below(4) ? 6 : 80);
    if (p.n * p.iterations > 600) p.iterations = 1 + 600 / p.n;
    p.sigma = below(2) ? (double)(p.width > p.height ? p.width : p.height) / 2.0 : sigmas[below(5)];
    p.rate = below(4) ? 0.1 : 1.0;
    p.time_constant = p.sigma > 1.0 ? (double)p.iterations / log(p.sigma) : 0.0;
    double scale = scales[below(5)], offset = below(4) ? 0.0 : scale * 1000.0 * (scale < 1e100);
    uint64_t level = levels[below(5)];
    int64_t values = p.width * p.height * p.dimension;
    p.weights = numbers(values), p.samples = numbers(p.n * p.dimension);
    for (int64_t i = 0; i < values; i++) p.weights[i] = offset + scale * (double)below(level) / (double)level;
    for (int64_t i = 0; i < p.n * p.dimension; i++)
        p.samples[i] = offset + scale * (double)below(level) / (double)level;
    p.gaps = below(2) == 0;
    for (int64_t i = 0; p.gaps && i < p.n * p.dimension; i++)
        if (below(3) == 0) p.samples[i] = NAN;
    return p;
}

static double squared_distance(const double *w, const double *v, int64_t dimension) {
    double sum = 0.0;
    for (int64_t k = 0; k < dimension; k++)
        if (!isnan(v[k])) sum += (v[k] - w[k]) * (v[k] - w[k]);
    return sum;
}

/* The nearest units, one after the other: the first of the nearest, and the first of the nearest of the others. */
static void literal_match(const struct problem *p, const double *weights, const double *v, int count,
                          int64_t *units, double *squared) {
    for (int j = 0; j < count; j++) {
        units[j] = -1;
        for (int64_t i = 0; i < p->width * p->height; i++) {
            double distance = squared_distance(weights + i * p->dimension, v, p->dimension);
            if (j && i == units[0]) continue;
            if (units[j] < 0 || distance < squared[j]) units[j] = i, squared[j] = distance;
        }
    }
}

/* The factor of the neighbourhood along an axis, where distances are multiples of the root of `square`; a `period`
 * other than 0 is the way around a torus. */
static double g(int64_t k, int64_t period, double square, double sigma) {
    k = llabs(k);
    if (period && period - k < k) k = period - k;
    double value = exact_exp(-((double)k * (double)k * square) / (2.0 * sigma * sigma));
    return k == 0 ? 1.0 : value >= 1e-12 ? value : 0.0;
}

static void literal_training(const struct problem *p, double *weights) {
    for (int64_t t = 0; t < p->iterations; t++) {
        double decay = p->time_constant == 0.0 ? 1.0 : exact_exp(-(double)t / p->time_constant);
        double sigma = p->sigma * decay, rate = p->rate * decay;
        for (int64_t s = 0; s < p->n; s++) {
            const double *v = p->samples + s * p->dimension;
            int64_t unit;
            double squared;
            literal_match(p, weights, v, 1, &unit, &squared);
            int64_t best_x = unit / p->height, best_y = unit % p->height;
            for (int64_t x = 0; x < p->width; x++)
                for (int64_t y = 0; y < p->height; y++) {
                    int64_t across = 2 * (x - best_x) + p->hexagonal * (y % 2 - best_y % 2);
                    double h = g(across, p->toroidal * 2 * p->width, 0.25, sigma);
                    h = h * (rate * g(y - best_y, p->toroidal * p->height, p->hexagonal ? 0.75 : 1.0, sigma));
                    double *w = weights + (x * p->height + y) * p->dimension;
                    for (int64_t k = 0; k < p->dimension; k++)
                        if (!isnan(v[k])) w[k] = w[k] + h * (v[k] - w[k]);
                }
        }
    }
}

static void check(int same, const char *what, int level, const struct problem *p) {
    if (same) return;
    printf("%s differs on %s: %lld x %lld x %lld, n %lld, iterations %lld, sigma %g%s%s%s\n", what,
           kohonen_level_name(level), (long long)p->width, (long long)p->height, (long long)p->dimension,
           (long long)p->n, (long long)p->iterations, p->sigma, p->hexagonal ? ", hexagonal" : "",
           p->toroidal ? ", toroidal" : "", p->gaps ? ", gaps" : "");
    exit(1);
}

/* Train in pieces of random length. */
static void check_training(const struct problem *p, const double *expected, int level) {
    size_t bytes = (size_t)(p->width * p->height * p->dimension) * sizeof(double);
    double *weights = numbers(p->width * p->height * p->dimension);
    kohonen_online *training = kohonen_online_open(p->width, p->height, p->dimension, p->weights, p->samples, p->n,
                                                   p->sigma, p->rate, p->time_constant, p->hexagonal,
                                                   p->toroidal, level);
    if (!training) exit(2);
    uint64_t kept = state; /* the same pieces on every level, however many there are */
    for (int64_t first = 0; first < p->iterations;) {
        int64_t last = first + 1 + (int64_t)below((uint64_t)(p->iterations - first));
        kohonen_online_run(training, first, last);
        first = last;
    }
    state = kept;
    kohonen_online_weights(training, weights);
    kohonen_online_close(training);
    check(!memcmp(weights, expected, bytes), "the training", level, p);
    free(weights);
}

static void check_match(const struct problem *p, const double *weights, int count, int method, int level) {
    int64_t *units = malloc((size_t)(p->n * count) * sizeof *units), expected_units[2] = {0};
    double *squared = numbers(p->n * count), expected[2] = {0};
    kohonen_search *search = kohonen_search_open(p->width, p->height, p->dimension, weights, p->samples, p->n, method,
                                                 level);
    if (!search || !units || kohonen_search_run(search, p->samples, p->n, count, units, squared) < p->n) exit(2);
    for (int64_t s = 0; s < p->n; s++) {
        literal_match(p, weights, p->samples + s * p->dimension, count, expected_units, expected);
        for (int j = 0; j < count; j++)
            check(units[s * count + j] == expected_units[j] && squared[s * count + j] == expected[j], "the search",
                  level, p);
    }
    kohonen_search_close(search);
    free(units);
    free(squared);
}

/* Parse a random text: what is exact is what C reads, and nothing is read or written out of bounds. */
static void check_cells(void) {
    static const char signs[] = "0123456789012345678901234567890123456789....--+eE  \"x,\n";
    int64_t size = 1 + (int64_t)below(300), rows = 0, width = 1 + (int64_t)below(3);
    int64_t tame = below(4) ? 4 : 0, each = 2 + (int64_t)below(30);
    size -= tame ? size % (each * width) : 0;
    uint8_t *text = malloc((size_t)size + !size);
    for (int64_t i = 0; i < size; i++) {
        text[i] = (uint8_t)signs[below(sizeof signs - 1 - (uint64_t)tame)];
        if (i % each == each - 1) text[i] = (uint8_t)(i / each % width == width - 1 ? '\n' : ',');
        rows += text[i] == '\n';
    }
    size_t cells = (size_t)(rows * width) + 1;
    int64_t *starts = malloc(cells * sizeof *starts), *lengths = malloc(cells * sizeof *lengths);
    uint64_t *hashes = malloc(cells * sizeof *hashes);
    double *values = malloc(cells * sizeof *values);
    uint8_t *kinds = malloc(cells);
    if (!kohonen_cells(text, size, ',', '\n', '"', rows, width, starts, lengths, hashes, values, kinds))
        for (int64_t i = 0; i < rows * width; i++) {
            char cell[400] = {0};
            memcpy(cell, text + starts[i], (size_t)lengths[i]);
            double read = strtod(cell, NULL);
            int exact = kinds[i] & KOHONEN_EXACT;
            if (kinds[i] && (exact ? values[i] != read : fabs(values[i] - read) > 1e-13 * fabs(read))) {
                printf("%s is read as %.17g\n", cell, values[i]);
                exit(1);
            }
        }
    free(text), free(starts), free(lengths), free(hashes), free(values), free(kinds);
}

/* The digest of tests/kohonen/test_arithmetic.py. */
static uint64_t arithmetic_digest(void) {
    enum { COUNT = 20000 };
    static double x[COUNT], values[COUNT];
    uint64_t digest = 0, bits;
    for (uint64_t i = 0; i < COUNT; i++) {
        bits = random_bits();
        if (i % 2) x[i] = (double)(int64_t)bits * 0x1p-60;
        else memcpy(&x[i], &bits, sizeof bits);
    }
    for (int function = 0; function < 6; function++) {
        kohonen_arithmetic(function, x, COUNT, 1 / 2.4, values);
        for (uint64_t i = 0; i < COUNT; i++) {
            memcpy(&bits, &values[i], sizeof bits);
            digest += bits * (2 * i + 1);
        }
    }
    return digest;
}

/* Some matrices with zeros at the ends of rows and columns, as a stack of two by one or by two. */
static void check_product(int level) {
    int64_t height = 1 + (int64_t)below(140), depth = 1 + (int64_t)below(300), n = 1 + (int64_t)below(70);
    int64_t band = 1 + (int64_t)below(2 * (uint64_t)depth), same = below(2) != 0;
    double *a = numbers(2 * height * depth), *b = numbers(2 * depth * n), *out = numbers(2 * height * n);
    for (int64_t i = 0; i < 2 * height * depth; i++)
        a[i] = llabs(i / depth % height - i % depth) < band ? (double)below(1000003) / 1e6 - 0.5 : 0.0;
    for (int64_t i = 0; i < 2 * depth * n; i++)
        b[i] = llabs(i / n % depth - i % n) < band ? (double)below(1000003) - 5e5 : -0.0;
    kohonen_product(a, height * depth, b, same ? 0 : depth * n, out, height, depth, n, 0, height / 2, level);
    kohonen_product(a, height * depth, b, same ? 0 : depth * n, out, height, depth, n, height / 2, 2 * height, level);
    for (int64_t i = 0; i < 2 * height * n; i++) {
        const double *row = a + i / n * depth, *column = b + (same ? 0 : i / n / height * depth * n) + i % n;
        double sum = 0.0;
        for (int64_t k = 0; k < depth; k++) sum = sum + row[k] * column[k * n];
        if (memcmp(&sum, out + i, sizeof sum)) {
            printf("the product differs on %s: %lld x %lld x %lld\n", kohonen_level_name(level), (long long)height,
                   (long long)depth, (long long)n);
            exit(1);
        }
    }
    free(a);
    free(b);
    free(out);
}

/* Sums of two components and their counts, against integers of 128 bits. */
static void check_sums(void) {
    enum { N = 400, UNITS = 3 };
    int64_t units[N], limbs[UNITS * 2 * 4] = {0};
    double samples[N * 2], weights[N], factors[8], inverses[8], planes[4 * UNITS];
    __int128 sums[4 * UNITS] = {0};
    int scales[] = {61 - 1000, 61 + 1000, 60, 60};
    for (int k = 0; k < 4; k++) {
        factors[k] = ldexp(1.0, scales[k] / 2), factors[4 + k] = ldexp(1.0, scales[k] - scales[k] / 2);
        inverses[k] = 1.0 / factors[k], inverses[4 + k] = 1.0 / factors[4 + k];
    }
    for (int i = 0; i < N; i++) {
        units[i] = (int64_t)below(UNITS), weights[i] = (double)below(1000003) / 1000003.0;
        for (int k = 0; k < 2; k++) {
            double value = ((double)below(2000003) / 1000003.0 - 1.0) * (below(2) ? 1e-12 : 1.0);
            samples[2 * i + k] = below(5) ? ldexp(value, 61 - scales[k]) : NAN;
            if (isnan(samples[2 * i + k])) continue;
            sums[k * UNITS + units[i]] += llrint(ldexp(weights[i] * samples[2 * i + k], scales[k]));
            sums[(2 + k) * UNITS + units[i]] += llrint(ldexp(weights[i], 60));
        }
    }
    kohonen_sums_add(limbs, 4, factors, units, samples, weights, N, 2);
    kohonen_sums_planes(limbs, UNITS, 4, inverses, planes);
    for (int i = 0; i < 4 * UNITS; i++)
        if (planes[i] != ldexp((double)sums[i], -scales[i / UNITS])) printf("the sums differ\n"), exit(1);
}

static void check_searches(const struct problem *p, const double *weights, int level) {
    for (int method = KOHONEN_CHOOSE; method <= KOHONEN_FILTER; method++)
        for (int count = 1; count <= (p->width * p->height > 1 ? 2 : 1); count++)
            check_match(p, weights, count, method, level);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    uint64_t found = arithmetic_digest();
    if (found != 0xf3e7f8cf3c414c24u) return printf("arithmetic differs: %016llx\n", (unsigned long long)found), 1;
    state = strtoull(argv[1], NULL, 10);
    long cases = strtol(argv[2], NULL, 10);
    uint64_t digest = 14695981039346656037u;
    for (long i = 0; i < cases; i++) {
        struct problem p = make_problem();
        int64_t values = p.width * p.height * p.dimension;
        double *expected = numbers(values);
        memcpy(expected, p.weights, (size_t)values * sizeof *expected);
        literal_training(&p, expected);
        for (int level = 0; level <= kohonen_highest_level(); level++) {
            check_training(&p, expected, level);
            check_searches(&p, p.weights, level);
            check_searches(&p, expected, level);
            if (i % 4 == 0) check_product(level);
        }
        check_sums();
        for (int64_t j = 0; j < p.n * p.dimension; j++)
            if (below(3) == 0) p.samples[j] = NAN;
        for (int level = 0; level <= kohonen_highest_level(); level++) check_searches(&p, expected, level);
        const unsigned char *bytes = (const unsigned char *)expected;
        for (size_t j = 0; j < (size_t)values * sizeof *expected; j++) digest = (digest ^ bytes[j]) * 1099511628211u;
        for (int text = 0; text < 20; text++) check_cells();
        free(expected);
        free(p.weights);
        free(p.samples);
    }
    printf("%ld cases on", cases);
    for (int level = 0; level <= kohonen_highest_level(); level++) printf(" %s", kohonen_level_name(level));
    printf(", digest %016llx\n", (unsigned long long)digest);
    return 0;
}
