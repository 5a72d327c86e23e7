/* A search, and the memory layout of its map for the float32 filter: panels of units.
 *
 * The filter works on float32 copies of samples and weights: a common centre is subtracted, which leaves distances
 * as they are, and all is scaled by a power of two, so that the largest magnitude of the weights is in [0.25, 1).
 * For a sample x and a unit w, centred and scaled, it computes the score
 *
 *     |w|^2 / 2 - x.w  =  (|x - w|^2 - |x|^2) / 2
 *
 * which orders the units by distance. Units whose score is within a tolerance of the least are candidates; their
 * distances are then computed from the original values, in doubles. Filter and centre only select candidates, so
 * the units found are those of an exhaustive search, as long as the tolerance covers all rounding errors.
 *
 * The tolerance, for one sample. Let d <= 2^16 be the dimension, u = 2^-24, M the largest norm of the units, and
 * S = |x| M + M^2 / 2, with exact x and w; and f the power of two.
 *
 * 1. Subtraction in double, scaling and conversion err by a factor within 1 +- 1.001 u for each value, and the
 *    halves of the squares likewise. Hence, by Cauchy and Schwarz, the exact score of the copies differs from the
 *    true one by at most 2.001 u S.
 * 2. A step of the sum is rounded twice, or once if fused. By the usual bound of sums in any order, the d steps err
 *    by at most g (|w|^2 / 2 + sum |x_k w_k|), g = (d + 1) u / (1 - (d + 1) u) <= 1.004 (d + 1) u.
 * 3. Underflow adds at most d 2^-109, as |x| <= 2^40; S >= 1/32 unless all weights are equal, and then all scores
 *    are zero.
 * 4. In sum a score errs by at most 1.005 (d + 4) u S, and the difference of two by twice that. Adding the tolerance
 *    to the least score, in float, errs by at most 1.02 u S. So 2.01 (d + 5) u S covers the filter.
 * 5. The distances in doubles are rounded as well: relative errors of 1.001 (d + 2) 2^-53 each, of squares up to
 *    (|x| + M)^2, and underflow by d 2^-1075 f^2. The unit with the least rounded distance
 *    may be farther than another by the errors of both.
 *
 * So the tolerance is 2.1 (d + 5) u S + (d + 3) 2^-52 (|x| + M)^2 + d 2^-1074 f^2; the margin covers the
 * rounding of norms and tolerance. Of two units per sample, let i be the one with the second least score. A unit
 * among the two nearest is at most as far as i or the unit before it, so that its score, too, is within the tolerance
 * of the second least.
 */
#ifndef KOHONEN_PANELS_H
#define KOHONEN_PANELS_H

#include "tiles.h"

/* The highest dimension of the filter, and the highest norm of a centred and scaled sample. */
#define FILTER_DIMENSION 65536
#define FILTER_NORM 0x1p40

struct panels {
    int64_t units, dimension;
    const double *weights; /* the caller's */
    double *centre;
    double scale;          /* the root of f, applied twice, since f may be out of range */
    double norm;           /* M */
    double relative, rounding, underflow; /* factors of S and of (|x| + M)^2, and the constant of the tolerance */
    /* Of each panel the halves of the squares, then the weights: [1 + dimension][units of a panel]. Beyond the last
     * unit the halves are infinite. */
    float *values;
};

struct search {
    struct tiles *map;
    struct panels *panels; /* NULL if bounds are used for all samples */
};

#endif
