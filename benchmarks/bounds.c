/* Bounds of one core of this processor: the arithmetic of an update in registers, and memory traffic. */
#define _POSIX_C_SOURCE 199309L
#include <stddef.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum { VALUES = 128 }; /* as many as 16 registers of 8 hold: enough to hide every latency */

/* Seconds for one w = w + h * (v - w) in registers. */
double seconds_per_update(void) {
    double best = 1.0;
    for (int attempt = 0; attempt < 7; attempt++) {
        double w[VALUES];
        volatile double given = 0.25;
        double h = given, v = given * 2.0;
        for (int i = 0; i < VALUES; i++) w[i] = given * (double)i;
        double start = now();
        for (int turn = 0; turn < 1 << 18; turn++) {
#pragma GCC unroll 128
            for (int i = 0; i < VALUES; i++) w[i] = w[i] + h * (v - w[i]);
            __asm__ volatile("" : "+m"(given));
        }
        double seconds = (now() - start) / (1 << 18) / VALUES;
        for (int i = 0; i < VALUES; i++) given = w[i];
        if (seconds < best) best = seconds;
    }
    return best;
}

/* Seconds for reading and writing one double, in repeated passes over `count` of them. */
double seconds_per_pass(double *values, size_t count) {
    double best = 1.0;
    for (int attempt = 0; attempt < 5; attempt++) {
        size_t turns = 1 + (1 << 24) / count;
        double start = now();
        for (size_t turn = 0; turn < turns; turn++) {
            for (size_t i = 0; i < count; i++) values[i] = values[i] * 1.0000001;
            __asm__ volatile("" : : "r"(values) : "memory");
        }
        double seconds = (now() - start) / (double)turns / (double)count;
        if (seconds < best) best = seconds;
    }
    return best;
}
