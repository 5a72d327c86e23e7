/* Sorts units into tiles of similar weights as in a k-d tree: splits the units at the median of the widest
 * dimension, recursively, down to 64 units. */
#include "tiles.h"

/* Partially sort units by dimension k: the n-th is where it would be in full order, with no smaller ones after it
 * and no larger ones before it (Hoare's selection). */
static void select_nth(int64_t *index, int64_t units, int64_t n, const double *weights, int64_t dimension,
                       int64_t k) {
    int64_t low = 0, high = units - 1;
    while (low < high) {
        double pivot = weights[index[low + (high - low) / 2] * dimension + k];
        int64_t i = low, j = high;
        while (i <= j) {
            while (weights[index[i] * dimension + k] < pivot) i++;
            while (weights[index[j] * dimension + k] > pivot) j--;
            if (i > j) break;
            int64_t other = index[i];
            index[i++] = index[j];
            index[j--] = other;
        }
        if (n <= j) high = j;
        else if (n >= i) low = i;
        else return;
    }
}

/* The dimension with the widest range. */
static int64_t widest(const int64_t *index, int64_t units, const double *weights, int64_t dimension) {
    int64_t best = 0;
    double most = -1.0;
    for (int64_t k = 0; k < dimension; k++) {
        double low = weights[index[0] * dimension + k], high = low;
        for (int64_t i = 1; i < units; i++) {
            double value = weights[index[i] * dimension + k];
            if (value < low) low = value;
            if (value > high) high = value;
        }
        if (high - low > most) most = high - low, best = k;
    }
    return best;
}

/* Sort the units of a tile by index, so that of equal distances the lowest index is found first. */
static void sort_indices(int64_t *index, int64_t units) {
    for (int64_t i = 1; i < units; i++) {
        int64_t moved = index[i], j = i;
        for (; j > 0 && index[j - 1] > moved; j--) index[j] = index[j - 1];
        index[j] = moved;
    }
}

void sort_units(int64_t *index, int64_t units, const double *weights, int64_t dimension) {
    while (units > UNITS) {
        /* Whole tiles on the left: only the very last tile may be incomplete. */
        int64_t half = (units / UNITS + 1) / 2 * UNITS;
        select_nth(index, units, half, weights, dimension, widest(index, units, weights, dimension));
        sort_units(index, half, weights, dimension);
        index += half, units -= half;
    }
    sort_indices(index, units);
}
