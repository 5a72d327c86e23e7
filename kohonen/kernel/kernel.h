/* The interface of the compiled kernel: a map on a planar rectangular grid, searched and trained exactly.
 *
 * Everything is float64. Weights come and go as arrays of shape (width, height, dimension) in C order, samples
 * as (n, dimension). Nothing is global and nothing is kept of what the caller passes but where it says so.
 * Every result is the same, to the bit, on every processor: no multiplication is fused with an addition, sums
 * run in order of dimension, and equal distances go to the lowest index.
 *
 * The caller promises that sizes are at least 1, that all numbers are finite and at most 1e150 in magnitude,
 * and that pointers are valid for as long as said here.
 */
#ifndef KOHONEN_KERNEL_H
#define KOHONEN_KERNEL_H

#include <stdint.h>

#if defined(_WIN32)
#define KOHONEN_API __declspec(dllexport)
#else
#define KOHONEN_API __attribute__((visibility("default")))
#endif

/* The version of this interface: a library with another one is not to be used. */
#ifndef KOHONEN_INTERFACE
#define KOHONEN_INTERFACE 3
#endif
KOHONEN_API int kohonen_interface(void);

/* The digest of the sources that this library is compiled from, so that a stale one is found out. */
KOHONEN_API const char *kohonen_sources(void);

/* The instruction sets that the kernel was compiled for and this processor has: 0 up to the number returned.
 * The highest is the fastest; the others are there for tests. */
KOHONEN_API int kohonen_highest_level(void);
KOHONEN_API const char *kohonen_level_name(int level);

/* exp() as the kernel has it, so that the caller can compare it with its own. */
KOHONEN_API double kohonen_exp(double x);

/* --- Search: the best matching units of samples on a map that stays as it is. ---------------------------- */

typedef struct tiles kohonen_tiles;

/* Lay a map out for searching: as its grid, or, if `sorted`, by its weights, which takes longer and makes searches
 * faster. NULL when memory is short. */
KOHONEN_API kohonen_tiles *kohonen_tiles_open(int64_t width, int64_t height, int64_t dimension,
                                              const double *weights, int sorted, int level);
KOHONEN_API void kohonen_tiles_close(kohonen_tiles *map);

/* For each of n samples find the `count` (1 or 2) nearest units and their squared distances, both of shape
 * (n, count). Several threads may search one map. Returns how many tiles of 64 units were looked into, which tells
 * whether the bounds were of use, or -1 when memory is short. A map of one unit has no second: count must then
 * be 1. */
KOHONEN_API int64_t kohonen_match(const kohonen_tiles *map, const double *samples, int64_t n, int count,
                              int64_t *units, double *squared);

/* --- Online training. ------------------------------------------------------------------------------------ */

typedef struct online kohonen_online;

/* Begin a training. `samples` stay the caller's, and must stay as they are, until the training is closed.
 * With `time_constant` of 0 radius and rate are constant; otherwise both decay as exp(-t / time_constant).
 * NULL when memory is short. */
KOHONEN_API kohonen_online *kohonen_online_open(int64_t width, int64_t height, int64_t dimension,
                                                const double *weights, const double *samples, int64_t n,
                                                double sigma, double rate, double time_constant, int level);
KOHONEN_API void kohonen_online_close(kohonen_online *training);

/* Do the iterations first <= t < last, each a pass over all samples in order. */
KOHONEN_API void kohonen_online_run(kohonen_online *training, int64_t first, int64_t last);

/* Copy the weights, as they are after the last run. */
KOHONEN_API void kohonen_online_weights(const kohonen_online *training, double *weights);

#endif
