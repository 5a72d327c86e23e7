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
    double *weights, *samples;
};

/* Values on few levels make ties, on many they make none. */
static struct problem make_problem(void) {
    static const uint64_t levels[] = {1, 2, 3, 5, 1000003};
    static const double scales[] = {1.0, 255.0, 1e-3, 1e150, 1e-160}, sigmas[] = {1e-150, 0.2, 1.0, 1.5, 40.0};
    struct problem p;
    int long_one = below(8) == 0;
    p.width = 1 + (int64_t)below(long_one ? 80 : 20), p.height = 1 + (int64_t)below(20);
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
    return p;
}

static double squared_distance(const double *w, const double *v, int64_t dimension) {
    double sum = 0.0;
    for (int64_t k = 0; k < dimension; k++) sum += (v[k] - w[k]) * (v[k] - w[k]);
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

static double g(int64_t k, double sigma) {
    double value = exact_exp(-((double)k * (double)k) / (2.0 * sigma * sigma));
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
            for (int64_t x = 0; x < p->width; x++)
                for (int64_t y = 0; y < p->height; y++) {
                    double h = g(llabs(x - unit / p->height), sigma) * (rate * g(llabs(y - unit % p->height), sigma));
                    double *w = weights + (x * p->height + y) * p->dimension;
                    for (int64_t k = 0; k < p->dimension; k++) w[k] = w[k] + h * (v[k] - w[k]);
                }
        }
    }
}

static void check(int same, const char *what, int level, const struct problem *p) {
    if (same) return;
    printf("%s differs on %s: %lld x %lld x %lld, n %lld, iterations %lld, sigma %g\n", what,
           kohonen_level_name(level), (long long)p->width, (long long)p->height, (long long)p->dimension,
           (long long)p->n, (long long)p->iterations, p->sigma);
    exit(1);
}

/* Train in pieces of random length. */
static void check_training(const struct problem *p, const double *expected, int level) {
    size_t bytes = (size_t)(p->width * p->height * p->dimension) * sizeof(double);
    double *weights = numbers(p->width * p->height * p->dimension);
    kohonen_online *training = kohonen_online_open(p->width, p->height, p->dimension, p->weights, p->samples, p->n,
                                                   p->sigma, p->rate, p->time_constant, level);
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

static void check_match(const struct problem *p, const double *weights, int count, int sorted, int level) {
    int64_t *units = malloc((size_t)(p->n * count) * sizeof *units), expected_units[2] = {0};
    double *squared = numbers(p->n * count), expected[2] = {0};
    kohonen_tiles *map = kohonen_tiles_open(p->width, p->height, p->dimension, weights, sorted, level);
    if (!map || !units || kohonen_match(map, p->samples, p->n, count, units, squared) < p->n) exit(2);
    for (int64_t s = 0; s < p->n; s++) {
        literal_match(p, weights, p->samples + s * p->dimension, count, expected_units, expected);
        for (int j = 0; j < count; j++)
            check(units[s * count + j] == expected_units[j] && squared[s * count + j] == expected[j], "the search",
                  level, p);
    }
    kohonen_tiles_close(map);
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
            for (int sorted = 0; sorted < 2; sorted++)
                for (int count = 1; count <= (p.width * p.height > 1 ? 2 : 1); count++) {
                    check_match(&p, p.weights, count, sorted, level);
                    check_match(&p, expected, count, sorted, level);
                }
        }
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
