/* Searches: the choice of the method, and the panels of the filter. */
#include "panels.h"
#include <math.h>

/* Samples per unit from which on units are sorted. */
static const double SORTED_SHARE = 0.25;

/* From this dimension on a pilot chooses the method: a search by bounds of one sample in 64, but of at most 64. The
 * filter costs about as much as the distances of a quarter of the units, and those of 1,536 values more. */
enum { MANY_DIMENSIONS = 12, PILOT_STEP = 64, PILOT = 64, FILTER_SHARE = 4, FILTER_VALUES = 1536 };

static void close_panels(struct panels *panels) {
    if (!panels) return;
    release(panels->centre);
    release(panels->values);
    release(panels);
}

/* Compute the centre, half way between the extremes of each component, and the scale. */
static void choose_scale(struct panels *panels) {
    const int64_t units = panels->units, dimension = panels->dimension;
    double *low = panels->centre, *high = panels->centre + dimension, largest = 0.0;
    for (int64_t k = 0; k < dimension; k++) low[k] = high[k] = panels->weights[k];
    for (int64_t i = 1; i < units; i++)
        for (int64_t k = 0; k < dimension; k++) {
            double value = panels->weights[i * dimension + k];
            low[k] = value < low[k] ? value : low[k];
            high[k] = value > high[k] ? value : high[k];
        }
    for (int64_t k = 0; k < dimension; k++) {
        double centre = low[k] + (high[k] - low[k]) / 2.0;
        largest = fmax(largest, fmax(high[k] - centre, centre - low[k]));
        panels->centre[k] = centre;
    }
    int exponent;
    frexp(largest, &exponent);
    exponent = (exponent + (exponent & 1)) / 2;
    panels->scale = ldexp(1.0, -exponent);
    panels->relative = 2.1 * (double)(dimension + 5) * 0x1p-24;
    panels->rounding = (double)(dimension + 3) * 0x1p-52;
    panels->underflow = ldexp((double)dimension, -1074 - 4 * exponent);
}

/* Fill the panels, and compute the norm. */
static void fill_panels(struct panels *panels, int64_t width) {
    const int64_t units = panels->units, dimension = panels->dimension;
    for (int64_t i = 0; i < (units + width - 1) / width * width; i++) {
        float *values = panels->values + i / width * width * (1 + dimension) + i % width;
        double square = i < units ? 0.0 : INFINITY;
        for (int64_t k = 0; i < units && k < dimension; k++) {
            double value = (panels->weights[i * dimension + k] - panels->centre[k]) * panels->scale * panels->scale;
            square += value * value;
            values[(1 + k) * width] = (float)value;
        }
        values[0] = (float)(square / 2.0);
        if (i < units) panels->norm = fmax(panels->norm, sqrt(square));
    }
}

static struct panels *open_panels(int64_t units, int64_t dimension, const double *weights, int64_t width) {
    struct panels *panels = allocate(1, sizeof *panels);
    if (!panels) return NULL;
    panels->units = units, panels->dimension = dimension, panels->weights = weights;
    panels->centre = allocate((size_t)dimension, 2 * sizeof(double));
    panels->values = allocate((size_t)((units + width - 1) / width * width), (size_t)(1 + dimension) * sizeof(float));
    if (!panels->centre || !panels->values) {
        close_panels(panels);
        return NULL;
    }
    choose_scale(panels);
    fill_panels(panels, width);
    return panels;
}

/* Return whether a search by bounds computes so many distances that the filter is faster. */
static int prefers_filter(const struct search *search, int64_t units, const double *samples, int64_t n) {
    const int64_t dimension = search->map->dimension;
    int64_t pilot = n / PILOT_STEP < PILOT ? n / PILOT_STEP : PILOT, unit;
    int64_t allowed = pilot * (units / FILTER_SHARE + FILTER_VALUES / dimension);
    double squared;
    for (int64_t i = 0; i < pilot && allowed >= 0; i++)
        allowed -= kohonen_search_run(search, samples + n / pilot * i * dimension, 1, 1, &unit, &squared);
    return allowed < 0;
}

kohonen_search *kohonen_search_open(int64_t width, int64_t height, int64_t dimension, const double *weights,
                                    const double *samples, int64_t n, int method, int level) {
    struct search *search = allocate(1, sizeof *search);
    if (!search) return NULL;
    int64_t units = width * height;
    int choose = method == KOHONEN_CHOOSE, filter = method == KOHONEN_FILTER && dimension <= FILTER_DIMENSION;
    int pilot = choose && dimension >= MANY_DIMENSIONS && dimension <= FILTER_DIMENSION;
    int sorted = method == KOHONEN_SORTED || (choose && (double)n >= SORTED_SHARE * (double)units);
    search->map = open_tiles(width, height, dimension, weights, sorted && !pilot, level);
    if (search->map && pilot) filter = prefers_filter(search, units, samples, n);
    if (search->map && pilot && sorted && !filter) {
        close_tiles(search->map);
        search->map = open_tiles(width, height, dimension, weights, 1, level);
    }
    if (search->map && filter) search->panels = open_panels(units, dimension, weights, variant_of(level)->panel);
    if (!search->map || (filter && !search->panels)) {
        kohonen_search_close(search);
        return NULL;
    }
    return search;
}

void kohonen_search_close(kohonen_search *search) {
    if (!search) return;
    close_tiles(search->map);
    close_panels(search->panels);
    release(search);
}

int64_t kohonen_search_run(const kohonen_search *search, const double *samples, int64_t n, int count, int64_t *units,
                           double *squared) {
    const struct variant *variant = variant_of(search->map->level);
    return (search->panels ? variant->filter : variant->match)(search, samples, n, count, units, squared);
}
