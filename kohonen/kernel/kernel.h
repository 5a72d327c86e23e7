/* The interface of the compiled kernel: exact search of maps and their training, on every grid, and parsing of
 * tables.
 *
 * Everything is float64. Weights are arrays of shape (width, height, dimension) in C order, samples of shape
 * (n, dimension). There are no globals, and arguments are copied except where noted. Results have the same bits
 * on every processor: no multiplication is fused with an addition, except where it only selects candidates, sums
 * run in order of dimension, and ties go to the lowest index.
 *
 * Preconditions: sizes are at least 1, all numbers are finite and at most 1e150 in magnitude except where noted,
 * and pointers are valid for as long as stated here.
 */
#ifndef KOHONEN_KERNEL_H
#define KOHONEN_KERNEL_H

#include <stdint.h>

#if defined(_WIN32)
#define KOHONEN_API __declspec(dllexport)
#else
#define KOHONEN_API __attribute__((visibility("default")))
#endif

/* The version of this interface; callers must refuse another one. */
#ifndef KOHONEN_INTERFACE
#define KOHONEN_INTERFACE 4
#endif
KOHONEN_API int kohonen_interface(void);

/* The digest of the sources of this library, by which callers detect a stale one. */
KOHONEN_API const char *kohonen_sources(void);

/* The highest instruction set that the kernel was compiled for and this processor supports, which is the fastest.
 * Levels from 0 up to it are supported, too, for tests. */
KOHONEN_API int kohonen_highest_level(void);
KOHONEN_API const char *kohonen_level_name(int level);

/* Apply an elementary function of arithmetic.h to n numbers: 0 exp, 1 ln, 2 log1p, 3 asinh, 4 cbrt, 5 power with
 * `exponent`, which the others ignore. */
KOHONEN_API void kohonen_arithmetic(int function, const double *x, int64_t n, double exponent, double *out);

/* --- Random numbers. -------------------------------------------------------------------------------------- */

/* The numbers of numpy.random.default_rng(seed): random(n), and integers(0, high, n) for high >= 1. The words of a
 * seed are its digits to base 2^32, the lowest first; those of a list of seeds follow each other. */
KOHONEN_API void kohonen_random(const uint32_t *seed, int64_t words, double *out, int64_t n);
KOHONEN_API void kohonen_integers(const uint32_t *seed, int64_t words, int64_t high, int64_t *out, int64_t n);

/* --- Search: the best matching units of samples on a constant map. --------------------------------------- */

typedef struct search kohonen_search;

/* Methods of a search. They differ in speed only. */
enum {
    KOHONEN_CHOOSE, /* by a pilot search of some of the samples */
    KOHONEN_GRID,   /* bounds of tiles of neighbouring units */
    KOHONEN_SORTED, /* bounds of tiles of similar units */
    KOHONEN_FILTER  /* scores of all units in float32, and the distances of those that may be nearest */
};

/* Prepare a map for searching n samples like those given, from which the method is chosen. The weights are not copied
 * and must stay valid and unchanged until the search is closed. NULL if there is not enough memory. */
KOHONEN_API kohonen_search *kohonen_search_open(int64_t width, int64_t height, int64_t dimension,
                                                const double *weights, const double *samples, int64_t n, int method,
                                                int level);
KOHONEN_API void kohonen_search_close(kohonen_search *search);

/* For each of n samples find the `count` (1 or 2) nearest units and their squared distances, both of shape
 * (n, count); on a map of one unit, count must be 1. Samples may have gaps (NaN), but not only gaps. Several threads
 * may use one search. Returns the number of distances computed, or -1 if there is not enough memory. */
KOHONEN_API int64_t kohonen_search_run(const kohonen_search *search, const double *samples, int64_t n, int count,
                                       int64_t *units, double *squared);

/* --- Online training. ------------------------------------------------------------------------------------ */

typedef struct online kohonen_online;

/* Begin a training on a rectangular or hexagonal grid, planar or toroidal; the height of a hexagonal torus must be
 * even. `samples` are not copied and must stay valid and unchanged until the training is closed; missing values are
 * NaN and are left out of distances and updates. With a `time_constant` of 0 radius and rate are constant;
 * otherwise both decay as exp(-t / time_constant). NULL if there is not enough memory. */
KOHONEN_API kohonen_online *kohonen_online_open(int64_t width, int64_t height, int64_t dimension,
                                                const double *weights, const double *samples, int64_t n,
                                                double sigma, double rate, double time_constant,
                                                int hexagonal, int toroidal, int level);
KOHONEN_API void kohonen_online_close(kohonen_online *training);

/* Do the iterations first <= t < last, each a pass over all samples in order. */
KOHONEN_API void kohonen_online_run(kohonen_online *training, int64_t first, int64_t last);

/* Copy the current weights. */
KOHONEN_API void kohonen_online_weights(const kohonen_online *training, double *weights);

/* --- Batch training. ------------------------------------------------------------------------------------- */

/* Add n samples to the exact sums of their units. `limbs` has shape (units, 2, components): the upper and the lower
 * parts of the sums of each component of the samples and then of counts, either one or one per component. The values
 * are scaled by two powers of two, `factors` (2, components). NaN is left out; `sample_weight` may be NULL. Callers
 * carry from the lower parts to the upper ones at least every 2^26 samples. */
KOHONEN_API void kohonen_sums_add(int64_t *limbs, int64_t components, const double *factors, const int64_t *units,
                                  const double *samples, const double *sample_weight, int64_t n,
                                  int64_t dimension);

/* Round the sums to doubles, of shape (components, units). `inverses` are those of the factors. */
KOHONEN_API void kohonen_sums_planes(const int64_t *limbs, int64_t units, int64_t components,
                                     const double *inverses, double *planes);

/* Multiply a stack of matrices (height, depth) by a stack of matrices (depth, n), each element summed in ascending
 * order: the rows first <= row < last of the stacked products. A step is the distance from one matrix to the next,
 * 0 if all are the same. Elements must be finite. */
KOHONEN_API void kohonen_product(const double *a, int64_t a_step, const double *b, int64_t b_step, double *out,
                                 int64_t height, int64_t depth, int64_t n, int64_t first, int64_t last, int level);

/* --- Views, in WebAssembly only. -------------------------------------------------------------------------- */

/* The U-matrix, of shape (width, height): the mean distance of each unit's weights to those of its neighbours. */
KOHONEN_API void kohonen_u_matrix(int64_t width, int64_t height, int64_t dimension, const double *weights,
                                  int hexagonal, int toroidal, double *out);

/* --- Tables. --------------------------------------------------------------------------------------------- */

/* What a cell is: a decimal number; whose value is exact, and not only near; which has a point that cannot stand
 * between thousands, or an exponent; which is a code of four digits or more that begin with a zero. */
enum { KOHONEN_NUMBER = 1, KOHONEN_EXACT = 2, KOHONEN_POINTED = 4, KOHONEN_CODE = 8 };

/* Find the cells of `rows` lines of text, each `width` cells, without blanks around them; hashes of them; and the
 * numbers among them, NaN where there is none. A cell may stand between quotes, without quotes in it. The results
 * have shape (width, rows). Returns -1 if the lines are not such. */
KOHONEN_API int kohonen_cells(const uint8_t *text, int64_t size, int delimiter, int line_end, int quote,
                              int64_t rows, int64_t width, int64_t *starts, int64_t *lengths,
                              uint64_t *hashes, double *values, uint8_t *kinds);

/* --- Pictures. ------------------------------------------------------------------------------------------- */

/* Add n pixels (n, 3) to the counts of their cells, which are the upper `bits` of red, green and blue, and to the sums
 * (cells, 3) of their channels, which may be NULL. */
KOHONEN_API void kohonen_pixel_cells(const uint8_t *pixels, int64_t n, int bits, uint32_t *counts, int64_t *sums);

/* Set the marks of the cells of n pixels to 1. */
KOHONEN_API void kohonen_pixel_marks(const uint8_t *pixels, int64_t n, int bits, uint8_t *marks);

/* Look up the cells of n pixels in a table. */
KOHONEN_API void kohonen_pixel_table(const uint8_t *pixels, int64_t n, int bits, const uint8_t *table, uint8_t *out);

/* Map a picture to the nearest of `count` colours, at most 256, and add the error times `strength` to the neighbours
 * (Floyd and Steinberg); odd rows run from right to left. Distances are taken between `colours` (count, 3) and the
 * `levels` (256) of the channels or, if there are `matrices` (2, 3, 3), their product with the second of the cube
 * roots of the product with the first. `palette` has the colours as pixels. Where `opaque` (height, width) is given
 * and zero, a pixel is left as it is in `out`. `errors` is a buffer of 6 (width + 2) numbers. */
KOHONEN_API void kohonen_dither(const uint8_t *pixels, const uint8_t *opaque, int64_t height, int64_t width,
                                const double *levels, const double *matrices, const double *colours,
                                const uint8_t *palette, int64_t count, double strength, double *errors, uint8_t *out);

#endif
