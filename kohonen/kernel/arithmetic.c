/* The functions of arithmetic.h, for tests and for callers without NumPy. */
#include "arithmetic.h"
#include "kernel.h"

void kohonen_arithmetic(int function, const double *x, int64_t n, double exponent, double *out) {
    for (int64_t i = 0; i < n; i++) switch (function) {
            case 0: out[i] = exact_exp(x[i]); break;
            case 1: out[i] = exact_ln(x[i]); break;
            case 2: out[i] = exact_log1p(x[i]); break;
            case 3: out[i] = exact_asinh(x[i]); break;
            case 4: out[i] = exact_cbrt(x[i]); break;
            default: out[i] = exact_power(x[i], exponent);
        }
}
