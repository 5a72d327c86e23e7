/* The interface of the compiled kernel: exact search and online training of maps on planar rectangular grids.
 *
 * Everything is float64. Weights are arrays of shape (width, height, dimension) in C order, samples of shape
 * (n, dimension). There are no globals, and arguments are copied except where noted. Results have the same bits
 * on every processor: no multiplication is fused with an addition, except where it only selects candidates, sums
 * run in order of dimension, and ties go to the lowest index.
 *
 * Preconditions: sizes are at least 1, all numbers are finite and at most 1e150 in magnitude, and pointers are
 * valid for as long as stated here.
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

/* The kernel's exp(), so that callers can compare it with their own. */
KOHONEN_API double kohonen_exp(double x);

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

/* Begin a training. `samples` are not copied and must stay valid and unchanged until the training is closed.
 * With a `time_constant` of 0 radius and rate are constant; otherwise both decay as exp(-t / time_constant).
 * NULL if there is not enough memory. */
KOHONEN_API kohonen_online *kohonen_online_open(int64_t width, int64_t height, int64_t dimension,
                                                const double *weights, const double *samples, int64_t n,
                                                double sigma, double rate, double time_constant, int level);
KOHONEN_API void kohonen_online_close(kohonen_online *training);

/* Do the iterations first <= t < last, each a pass over all samples in order. */
KOHONEN_API void kohonen_online_run(kohonen_online *training, int64_t first, int64_t last);

/* Copy the current weights. */
KOHONEN_API void kohonen_online_weights(const kohonen_online *training, double *weights);

#endif
