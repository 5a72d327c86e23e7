/* Vectors of the instruction set that the compiler's flags select, with the operations that C lacks; +, - and * are
 * built in.
 *
 *   vec         WIDTH doubles
 *   BLOCK       rows of eight units per update: as many as fit into registers
 *   GROUP       dimensions per update, likewise
 *   alternate   part `part` of a column whose rows alternate between p[0] and p[1]
 *   fvec        LANES floats
 *   ROWS, VECTORS   samples and vectors of units per step of the filter, likewise
 */
#ifndef KOHONEN_SIMD_H
#define KOHONEN_SIMD_H

#if defined(__AVX512F__) && defined(__AVX512DQ__)

#include <immintrin.h>
typedef __m512d vec;
#define WIDTH 8
#define BLOCK 4
#define GROUP 4
static inline vec splat(double x) { return _mm512_set1_pd(x); }
static inline vec load(const double *p) { return _mm512_loadu_pd(p); }
static inline vec alternate(const double *p, int part) {
    return (void)part, _mm512_broadcast_f64x2(_mm_loadu_pd(p));
}
static inline void store(double *p, vec a) { _mm512_storeu_pd(p, a); }
static inline vec least(vec a, vec b) { return _mm512_min_pd(a, b); }
static inline vec most(vec a, vec b) { return _mm512_max_pd(a, b); }
static inline double least_of(vec a) { return _mm512_reduce_min_pd(a); }
static inline double most_of(vec a) { return _mm512_reduce_max_pd(a); }
/* A bit mask of the lanes with a <= b. */
static inline unsigned at_most(vec a, vec b) { return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ); }

typedef __m512 fvec;
#define LANES 16
#define ROWS 6
#define VECTORS 4
static inline fvec fsplat(float x) { return _mm512_set1_ps(x); }
static inline fvec fload(const float *p) { return _mm512_loadu_ps(p); }
static inline void fstore(float *p, fvec a) { _mm512_storeu_ps(p, a); }
static inline fvec fleast(fvec a, fvec b) { return _mm512_min_ps(a, b); }
static inline unsigned fat_most(fvec a, fvec b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
/* a - b * c: may be fused, since it serves the filter only. */
static inline fvec minus_product(fvec a, fvec b, fvec c) { return _mm512_fnmadd_ps(b, c, a); }

#elif defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>
typedef __m256d vec;
#define WIDTH 4
#define BLOCK 2
#define GROUP 3
static inline vec splat(double x) { return _mm256_set1_pd(x); }
static inline vec load(const double *p) { return _mm256_loadu_pd(p); }
static inline vec alternate(const double *p, int part) {
    return (void)part, _mm256_broadcast_pd((const __m128d *)p);
}
static inline void store(double *p, vec a) { _mm256_storeu_pd(p, a); }
static inline vec least(vec a, vec b) { return _mm256_min_pd(a, b); }
static inline vec most(vec a, vec b) { return _mm256_max_pd(a, b); }
static inline double least_of(vec a) {
    __m128d half = _mm_min_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
    return _mm_cvtsd_f64(_mm_min_sd(half, _mm_unpackhi_pd(half, half)));
}
static inline double most_of(vec a) {
    __m128d half = _mm_max_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
    return _mm_cvtsd_f64(_mm_max_sd(half, _mm_unpackhi_pd(half, half)));
}
static inline unsigned at_most(vec a, vec b) {
    return (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_LE_OQ));
}

typedef __m256 fvec;
#define LANES 8
#define ROWS 6
#define VECTORS 2
static inline fvec fsplat(float x) { return _mm256_set1_ps(x); }
static inline fvec fload(const float *p) { return _mm256_loadu_ps(p); }
static inline void fstore(float *p, fvec a) { _mm256_storeu_ps(p, a); }
static inline fvec fleast(fvec a, fvec b) { return _mm256_min_ps(a, b); }
static inline unsigned fat_most(fvec a, fvec b) {
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_LE_OQ));
}
static inline fvec minus_product(fvec a, fvec b, fvec c) { return _mm256_fnmadd_ps(b, c, a); }

#elif defined(__SSE2__)

#include <emmintrin.h>
typedef __m128d vec;
#define WIDTH 2
#define BLOCK 1
#define GROUP 3
static inline vec splat(double x) { return _mm_set1_pd(x); }
static inline vec load(const double *p) { return _mm_loadu_pd(p); }
static inline vec alternate(const double *p, int part) { return (void)part, load(p); }
static inline void store(double *p, vec a) { _mm_storeu_pd(p, a); }
static inline vec least(vec a, vec b) { return _mm_min_pd(a, b); }
static inline vec most(vec a, vec b) { return _mm_max_pd(a, b); }
static inline double least_of(vec a) { return _mm_cvtsd_f64(_mm_min_sd(a, _mm_unpackhi_pd(a, a))); }
static inline double most_of(vec a) { return _mm_cvtsd_f64(_mm_max_sd(a, _mm_unpackhi_pd(a, a))); }
static inline unsigned at_most(vec a, vec b) { return (unsigned)_mm_movemask_pd(_mm_cmple_pd(a, b)); }

typedef __m128 fvec;
#define LANES 4
#define ROWS 4
#define VECTORS 2
static inline fvec fsplat(float x) { return _mm_set1_ps(x); }
static inline fvec fload(const float *p) { return _mm_loadu_ps(p); }
static inline void fstore(float *p, fvec a) { _mm_storeu_ps(p, a); }
static inline fvec fleast(fvec a, fvec b) { return _mm_min_ps(a, b); }
static inline unsigned fat_most(fvec a, fvec b) { return (unsigned)_mm_movemask_ps(_mm_cmple_ps(a, b)); }
static inline fvec minus_product(fvec a, fvec b, fvec c) { return a - b * c; }

#elif defined(__aarch64__)

#include <arm_neon.h>
typedef float64x2_t vec;
#define WIDTH 2
#define BLOCK 2
#define GROUP 3
static inline vec splat(double x) { return vdupq_n_f64(x); }
static inline vec load(const double *p) { return vld1q_f64(p); }
static inline vec alternate(const double *p, int part) { return (void)part, load(p); }
static inline void store(double *p, vec a) { vst1q_f64(p, a); }
static inline vec least(vec a, vec b) { return vminq_f64(a, b); }
static inline vec most(vec a, vec b) { return vmaxq_f64(a, b); }
static inline double least_of(vec a) { return vminvq_f64(a); }
static inline double most_of(vec a) { return vmaxvq_f64(a); }
static inline unsigned at_most(vec a, vec b) {
    uint64x2_t mask = vcleq_f64(a, b);
    return (unsigned)(vgetq_lane_u64(mask, 0) & 1) | (unsigned)(vgetq_lane_u64(mask, 1) & 2);
}

typedef float32x4_t fvec;
#define LANES 4
#define ROWS 6
#define VECTORS 4
static inline fvec fsplat(float x) { return vdupq_n_f32(x); }
static inline fvec fload(const float *p) { return vld1q_f32(p); }
static inline void fstore(float *p, fvec a) { vst1q_f32(p, a); }
static inline fvec fleast(fvec a, fvec b) { return vminq_f32(a, b); }
static inline unsigned fat_most(fvec a, fvec b) {
    const uint32x4_t bits = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(vcleq_f32(a, b), bits));
}
static inline fvec minus_product(fvec a, fvec b, fvec c) { return vfmsq_f32(a, b, c); }

#elif defined(__wasm_simd128__)

#include <wasm_simd128.h>
typedef double vec __attribute__((vector_size(16)));
#define WIDTH 2
#define BLOCK 1
#define GROUP 3
static inline vec splat(double x) { return (vec)wasm_f64x2_splat(x); }
static inline vec load(const double *p) { return (vec)wasm_v128_load(p); }
static inline vec alternate(const double *p, int part) { return (void)part, load(p); }
static inline void store(double *p, vec a) { wasm_v128_store(p, (v128_t)a); }
static inline vec least(vec a, vec b) { return (vec)wasm_f64x2_pmin((v128_t)b, (v128_t)a); }
static inline vec most(vec a, vec b) { return (vec)wasm_f64x2_pmax((v128_t)b, (v128_t)a); }
static inline double least_of(vec a) { return a[0] < a[1] ? a[0] : a[1]; }
static inline double most_of(vec a) { return a[0] > a[1] ? a[0] : a[1]; }
static inline unsigned at_most(vec a, vec b) {
    return wasm_i64x2_bitmask(wasm_f64x2_le((v128_t)a, (v128_t)b));
}

typedef float fvec __attribute__((vector_size(16)));
#define LANES 4
#define ROWS 4
#define VECTORS 2
static inline fvec fsplat(float x) { return (fvec)wasm_f32x4_splat(x); }
static inline fvec fload(const float *p) { return (fvec)wasm_v128_load(p); }
static inline void fstore(float *p, fvec a) { wasm_v128_store(p, (v128_t)a); }
static inline fvec fleast(fvec a, fvec b) { return (fvec)wasm_f32x4_pmin((v128_t)b, (v128_t)a); }
static inline unsigned fat_most(fvec a, fvec b) {
    return wasm_i32x4_bitmask(wasm_f32x4_le((v128_t)a, (v128_t)b));
}
static inline fvec minus_product(fvec a, fvec b, fvec c) { return a - b * c; }

#else /* Any other processor: no vectors. */

typedef double vec;
#define WIDTH 1
#define BLOCK 1
#define GROUP 3
static inline vec splat(double x) { return x; }
static inline vec load(const double *p) { return *p; }
static inline vec alternate(const double *p, int part) { return p[part % 2]; }
static inline void store(double *p, vec a) { *p = a; }
static inline vec least(vec a, vec b) { return a < b ? a : b; }
static inline vec most(vec a, vec b) { return a > b ? a : b; }
static inline double least_of(vec a) { return a; }
static inline double most_of(vec a) { return a; }
static inline unsigned at_most(vec a, vec b) { return a <= b; }

typedef float fvec;
#define LANES 1
#define ROWS 4
#define VECTORS 4
static inline fvec fsplat(float x) { return x; }
static inline fvec fload(const float *p) { return *p; }
static inline void fstore(float *p, fvec a) { *p = a; }
static inline fvec fleast(fvec a, fvec b) { return a < b ? a : b; }
static inline unsigned fat_most(fvec a, fvec b) { return a <= b; }
static inline fvec minus_product(fvec a, fvec b, fvec c) { return a - b * c; }

#endif
#endif
