/* The random numbers of numpy.random.default_rng: the generator PCG64 (XSL-RR 128/64), with a state that is hashed
 * from the words of a seed as by NumPy's SeedSequence.
 *
 * M. E. O'Neill, PCG: a family of simple fast space-efficient statistically good algorithms for random number
 * generation, Harvey Mudd College 2014. D. Lemire, Fast random integer generation in an interval, ACM Transactions on
 * Modeling and Computer Simulation 29, 2019. */
#include "kernel.h"

typedef unsigned __int128 wide;

struct generator {
    wide state, increment;
    uint64_t spare; /* the upper half of a number whose lower half is used, plus 2^32; 0 if there is none */
};

static uint64_t next(struct generator *generator) {
    const wide multiplier = (wide)0x2360ed051fc65da4u << 64 | 0x4385df649fccf645u;
    generator->state = generator->state * multiplier + generator->increment;
    uint64_t mixed = (uint64_t)(generator->state >> 64) ^ (uint64_t)generator->state;
    unsigned turn = (unsigned)(generator->state >> 122);
    return mixed >> turn | mixed << (-turn & 63);
}

/* Half a number: the lower, then the upper one. */
static uint32_t next_half(struct generator *generator) {
    uint64_t number = generator->spare;
    generator->spare = 0;
    if (!number) {
        number = next(generator);
        generator->spare = number >> 32 | (uint64_t)1 << 32;
    }
    return (uint32_t)number;
}

/* --- Seeds. ---------------------------------------------------------------------------------------------- */

enum { POOL = 4 };

static uint32_t hash(uint32_t value, uint32_t *constant, uint32_t factor) {
    value ^= *constant;
    *constant *= factor;
    value *= *constant;
    return value ^ value >> 16;
}

static void mix(uint32_t *word, uint32_t hashed) {
    uint32_t value = *word * 0xca01f9ddu - hashed * 0x4973f715u;
    *word = value ^ value >> 16;
}

static struct generator seeded(const uint32_t *seed, int64_t words) {
    uint32_t pool[POOL], constant = 0x43b0d7e5u, factor = 0x931e8875u;
    for (int i = 0; i < POOL; i++) pool[i] = hash(i < words ? seed[i] : 0, &constant, factor);
    for (int i = 0; i < POOL; i++)
        for (int j = 0; j < POOL; j++)
            if (j != i) mix(&pool[j], hash(pool[i], &constant, factor));
    for (int64_t i = POOL; i < words; i++)
        for (int j = 0; j < POOL; j++) mix(&pool[j], hash(seed[i], &constant, factor));
    uint64_t state[4] = {0};
    constant = 0x8b51f9ddu;
    for (int i = 0; i < 8; i++) state[i / 2] |= (uint64_t)hash(pool[i % POOL], &constant, 0x58f38dedu) << i % 2 * 32;
    struct generator generator = {0, ((wide)state[2] << 64 | state[3]) << 1 | 1, 0};
    next(&generator);
    generator.state += (wide)state[0] << 64 | state[1];
    next(&generator);
    return generator;
}

/* --- Numbers. -------------------------------------------------------------------------------------------- */

void kohonen_random(const uint32_t *seed, int64_t words, double *out, int64_t n) {
    struct generator generator = seeded(seed, words);
    for (int64_t i = 0; i < n; i++) out[i] = (double)(next(&generator) >> 11) * 0x1p-53;
}

/* A number below high: the upper half of a random number times high. A product whose lower half is below the
 * remainder of 2^32 or 2^64 by high is drawn again, so that all results are equally likely. */
static int64_t integer(struct generator *generator, uint64_t high) {
    if (high == 1) return 0;
    if (high == (uint64_t)1 << 32) return next_half(generator);
    if (high < (uint64_t)1 << 32) {
        uint32_t limit = (uint32_t)(-high & UINT32_MAX) % (uint32_t)high;
        uint64_t product;
        do product = next_half(generator) * high;
        while ((uint32_t)product < limit);
        return (int64_t)(product >> 32);
    }
    uint64_t limit = -high % high;
    wide product;
    do product = (wide)next(generator) * high;
    while ((uint64_t)product < limit);
    return (int64_t)(product >> 64);
}

void kohonen_integers(const uint32_t *seed, int64_t words, int64_t high, int64_t *out, int64_t n) {
    struct generator generator = seeded(seed, words);
    for (int64_t i = 0; i < n; i++) out[i] = integer(&generator, (uint64_t)high);
}
