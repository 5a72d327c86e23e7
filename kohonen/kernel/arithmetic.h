/* Elementary functions of doubles that give the same bits on every processor and with every C library: fixed
 * sequences of IEEE-754 additions, multiplications and divisions, and scaling by powers of two.
 * kohonen/arithmetic.py does the same operations in NumPy and describes the methods. */
#ifndef KOHONEN_ARITHMETIC_H
#define KOHONEN_ARITHMETIC_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline double power_of_two(int64_t exponent) {
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* The nearest integer, ties to even, for magnitudes up to 2^51. */
static inline double nearest_integer(double x) { return (x + 0x1.8p52) - 0x1.8p52; }

/* 1/n! for n = 2, 3, ... */
static const double FACTORIALS[] = {
    1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800,
    1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0, 1.0 / 87178291200.0,
};

/* exp(x + low), where |low| is at most half a unit in the last place of x. */
static inline double exp_of_sum(double x, double low) {
    if (x != x) return NAN;
    x = x < -760.0 ? -760.0 : x > 720.0 ? 720.0 : x;
    double k = nearest_integer(x * 0x1.71547652b82fep+0);
    double high = x - k * 0x1.62e42feep-1, rest = k * 0x1.a39ef35793c76p-33;
    double r = high - rest;
    low = ((high - r) - rest) + low;
    double series = FACTORIALS[12];
    for (int i = 11; i >= 0; i--) series = series * r + FACTORIALS[i];
    double sum = 1.0 + r;
    double y = sum + ((((1.0 - sum) + r) + low) + series * (r * r));
    int64_t exponent = (int64_t)k, half = exponent / 2;
    return y * power_of_two(half) * power_of_two(exponent - half);
}

static inline double exact_exp(double x) { return exp_of_sum(x, 0.0); }

#endif
