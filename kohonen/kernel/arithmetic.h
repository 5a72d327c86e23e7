/* Elementary functions of doubles that give the same bits on every processor and with every C library: fixed
 * sequences of IEEE-754 additions, multiplications, divisions and square roots, and scaling by powers of two.
 * kohonen/arithmetic.py does the same operations in NumPy and describes the methods. */
#ifndef KOHONEN_ARITHMETIC_H
#define KOHONEN_ARITHMETIC_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* log2(e); ln(2) as a sum, whose first part has 32 significant bits; 1/12 as a sum. */
#define LOG2_E 0x1.71547652b82fep+0
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define TWELFTH_HIGH 0x1.5555555555555p-4
#define TWELFTH_LOW 0x1.5555555555555p-58

/* 1/n! for n = 2, 3, ... */
static const double FACTORIALS[] = {
    1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800,
    1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0, 1.0 / 87178291200.0,
};

/* 1 / ((2n + 1) 4^n) for n = 2, 3, ... */
static const double LOGARITHM[] = {
    0x1p-4 / 5, 0x1p-6 / 7, 0x1p-8 / 9, 0x1p-10 / 11, 0x1p-12 / 13, 0x1p-14 / 15, 0x1p-16 / 17, 0x1p-18 / 19,
    0x1p-20 / 21, 0x1p-22 / 23, 0x1p-24 / 25,
};

/* --- Operations without loss. ---------------------------------------------------------------------------- */

/* A number as a sum, whose second part is smaller than the last digit of the first. */
struct pair {
    double high, low;
};

static inline struct pair two_sum(double a, double b) {
    double sum = a + b, part = sum - a;
    return (struct pair){sum, (a - (sum - part)) + (b - part)};
}

static inline double upper_half(double x) {
    double shifted = 134217729.0 * x;
    return shifted - (shifted - x);
}

static inline struct pair two_product(double a, double b) {
    double product = a * b, upper_a = upper_half(a), upper_b = upper_half(b);
    double lower_a = a - upper_a, lower_b = b - upper_b;
    double rest = ((upper_a * upper_b - product) + upper_a * lower_b) + lower_a * upper_b;
    return (struct pair){product, rest + lower_a * lower_b};
}

static inline struct pair pair_product(struct pair a, struct pair b) {
    struct pair product = two_product(a.high, b.high);
    return two_sum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

/* 2^exponent, from 2^-1022 to 2^1023. */
static inline double power_of_two(int64_t exponent) {
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* x 2^exponent, rounded once; x is of ordinary size unless the result is. */
static inline double scaled(double x, int64_t exponent) {
    return x * power_of_two(exponent / 2) * power_of_two(exponent - exponent / 2);
}

/* The exponent of a positive number, so that x 2^-exponent is in [1/2, 1). */
static inline int64_t exponent_of(double x) {
    int64_t bits, subnormal = x < 0x1p-1022;
    x = subnormal ? x * 0x1p54 : x;
    memcpy(&bits, &x, sizeof bits);
    return (bits >> 52) - 1022 - 54 * subnormal;
}

/* The nearest integer, ties to even, for magnitudes up to 2^51. */
static inline double nearest_integer(double x) { return (x + 0x1.8p52) - 0x1.8p52; }

/* --- Functions of sums. ---------------------------------------------------------------------------------- */

/* exp(x + low), where low is much smaller than x. */
static inline double exp_of_sum(double x, double low) {
    if (x != x) return NAN;
    double bounded = x < -760.0 ? -760.0 : x > 720.0 ? 720.0 : x;
    double k = nearest_integer(bounded * LOG2_E);
    struct pair rest = two_sum(bounded - k * LN2_HIGH, -k * LN2_LOW);
    struct pair r = two_sum(rest.high, rest.low + (bounded == x ? low : 0.0));
    double series = FACTORIALS[12];
    for (int i = 11; i >= 0; i--) series = series * r.high + FACTORIALS[i];
    struct pair sum = two_sum(1.0, r.high);
    return scaled(sum.high + ((sum.low + r.low) + series * (r.high * r.high)), (int64_t)k);
}

/* ln((x + low) 2^exponent). */
static inline struct pair ln_of_sum(double x, double low, double exponent) {
    if (!(x > 0.0 && x < INFINITY)) return (struct pair){x == 0.0 ? -INFINITY : x > 0.0 ? INFINITY : NAN, 0.0};
    int64_t shift = exponent_of(x);
    if (scaled(x, -shift) < 0x1.6a09e667f3bcdp-1) shift--;
    x = scaled(x, -shift), low = scaled(low, -shift);
    struct pair above = two_sum(x - 1.0, low), below = two_sum(x, 1.0);
    below.high = 0.5 * below.high, below.low = 0.5 * (below.low + low);
    double quotient = above.high / below.high;
    struct pair back = two_product(quotient, below.high);
    double rest = ((above.high - back.high) - back.low) + (above.low - quotient * below.low);
    struct pair s = two_sum(quotient, rest / below.high), square = pair_product(s, s);
    double series = LOGARITHM[10];
    for (int i = 9; i >= 0; i--) series = series * square.high + LOGARITHM[i];
    struct pair factor = two_sum(TWELFTH_HIGH, TWELFTH_LOW + series * square.high);
    struct pair more = pair_product(s, pair_product(square, factor)), sum = two_sum(s.high, more.high);
    double k = (double)shift + exponent;
    struct pair total = two_sum(k * LN2_HIGH, sum.high);
    return two_sum(total.high, total.low + ((sum.low + (s.low + more.low)) + k * LN2_LOW));
}

/* --- The functions. -------------------------------------------------------------------------------------- */

static inline double exact_exp(double x) { return exp_of_sum(x, 0.0); }

static inline double exact_ln(double x) { return ln_of_sum(x, 0.0, 0.0).high; }

static inline double exact_log1p(double x) {
    if (-0x1p-54 < x && x < 0x1p-54) return x;
    struct pair sum = two_sum(1.0, x);
    return ln_of_sum(sum.high, sum.low, 0.0).high;
}

static inline double exact_asinh(double x) {
    double a = fabs(x);
    if (x != x) return NAN;
    if (a < 0x1p-26) return copysign(a - a * a * a / 6.0, x);
    if (a > 0x1p500) return copysign(ln_of_sum(a, 0.0, 1.0).high, x);
    struct pair square = two_product(a, a), sum = two_sum(1.0, square.high);
    double root = sqrt(sum.high);
    struct pair back = two_product(root, root), total = two_sum(a, root);
    double rest = ((sum.high - back.high) - back.low) + (sum.low + square.low);
    return copysign(ln_of_sum(total.high, total.low + rest / (2.0 * root), 0.0).high, x);
}

static inline double exact_cbrt(double x) {
    double a = fabs(x);
    if (x != x) return NAN;
    if (a == 0.0 || a == INFINITY) return x;
    int64_t third = (exponent_of(a) + 1074) / 3 - 358;
    a = scaled(a, -3 * third);
    double root = 0.73 + 0.23 * a;
    for (int i = 0; i < 2; i++) {
        double cube = root * root * root;
        root = root * ((cube + 2.0 * a) / (2.0 * cube + a));
    }
    struct pair square = two_product(root, root), cube = two_product(square.high, root);
    double rest = ((a - cube.high) - cube.low) - square.low * root;
    return copysign(scaled(root + rest / (3.0 * square.high), third), x);
}

/* x^exponent for x >= 0 and a finite exponent. */
static inline double exact_power(double x, double exponent) {
    if (x == 1.0 || exponent == 0.0) return 1.0;
    struct pair ln = ln_of_sum(x, 0.0, 0.0), product = two_product(ln.high, exponent);
    return exp_of_sum(product.high, product.low + ln.low * exponent);
}

#endif
