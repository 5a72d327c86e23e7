/**
 * Trainings with the compiled kernel; kohonen.mjs begins them.
 *
 * @typedef {import("./kohonen.mjs").Kernel} Kernel
 * @typedef {import("./kohonen.mjs").Parameters} Parameters
 * @typedef {import("./kohonen.mjs").Values} Values
 */

/** Smaller values of the neighbourhood count as zero. */
const CUT = 1e-12;

/** Bits of an integer of the exact sums. */
const BITS = 61;

/** A training, which `close` ends. */
class Training {
  /** @param {Kernel} kernel @param {Parameters} parameters @param {Values} weights @param {Values} samples */
  constructor(kernel, parameters, weights, samples) {
    const { width, height, iterations, learning_rate = 0.1, final_sigma = 1 } = parameters;
    this.kernel = kernel;
    this.grid = parameters;
    this.dimension = weights.length / (width * height);
    this.n = samples.length / this.dimension;
    this.sigma = parameters.sigma ?? Math.max(width, height) / 2;
    this.learningRate = learning_rate;
    /** The next iteration. */
    this.iteration = 0;
    const ratio = Math.min(this.sigma / final_sigma, Number.MAX_VALUE);
    /** In iterations; 0 if radius and learning rate are constant. */
    this.timeConstant = ratio <= 1 ? 0 : iterations / kernel.arithmetic("ln", [ratio])[0];
  }

  /** Radius and learning rate relative to those at the beginning. */
  decay(iteration = this.iteration) {
    return this.timeConstant ? this.kernel.arithmetic("exp", [-iteration / this.timeConstant])[0] : 1;
  }

  /** The radius of the neighbourhood, in units of the grid. */
  radius(iteration = this.iteration) {
    return this.sigma * this.decay(iteration);
  }

  /** The learning rate. */
  rate(iteration = this.iteration) {
    return this.learningRate * this.decay(iteration);
  }
}

/** Online training. */
export class Online extends Training {
  /** @param {Kernel} kernel @param {Parameters} parameters @param {Values} weights @param {Values} samples */
  constructor(kernel, parameters, weights, samples) {
    super(kernel, parameters, weights, samples);
    const { width, height, grid, boundary } = parameters;
    this.samples = kernel.copy(samples);
    this.handle = kernel.borrow([weights], (initial) =>
      kernel.call(
        "online_open", width, height, this.dimension, initial, this.samples, this.n, this.sigma, this.learningRate,
        this.timeConstant, grid === "hexagonal", boundary === "toroidal", 0,
      ),
    );
    if (this.handle) return;
    kernel.free(this.samples);
    throw new RangeError("not enough memory for this map");
  }

  /** Do some iterations, each a pass over all samples. */
  run(iterations = 1) {
    this.kernel.call("online_run", this.handle, this.iteration, (this.iteration += iterations));
  }

  /** @returns {Float64Array} A copy of the current weights. */
  weights() {
    const size = this.grid.width * this.grid.height * this.dimension;
    return this.kernel.borrow([size], (weights) => {
      this.kernel.call("online_weights", this.handle, weights);
      return this.kernel.view(Float64Array, weights, size).slice();
    });
  }

  /** Free the memory. */
  close() {
    this.kernel.call("online_close", this.handle);
    this.kernel.free(this.samples);
  }
}

/** Batch training; kohonen/engines/batch.py and sums.py have the method. */
export class Batch extends Training {
  /**
   * @param {Kernel} kernel
   * @param {Parameters} parameters
   * @param {Values} weights
   * @param {Values} samples
   * @param {Values} [sampleWeight]
   */
  constructor(kernel, parameters, weights, samples, sampleWeight) {
    super(kernel, parameters, weights, samples);
    this.current = Float64Array.from(weights);
    const masked = Array.prototype.some.call(samples, Number.isNaN);
    const scales = largest(samples, this.dimension, sampleWeight).map((magnitude) => BITS - exponent(magnitude));
    const components = masked ? 2 * this.dimension : this.dimension + 1;
    while (scales.length < components) scales.push(scales[this.dimension]);
    // Scaling takes two steps, since 2 ** scale may be infinite.
    const halves = scales.map((scale) => Math.floor(scale / 2));
    this.factors = [...halves, ...scales.map((scale, k) => scale - halves[k])].map(powerOfTwo);
    this.samples = kernel.copy(samples);
    this.sampleWeight = sampleWeight ? kernel.copy(sampleWeight) : 0;
  }

  /** Do some iterations. */
  run(iterations = 1) {
    const { width, height } = this.grid, units = width * height, { current, dimension } = this;
    for (const last = this.iteration + iterations; this.iteration < last; this.iteration++) {
      const planes = this.#smooth(this.#sums());
      const separate = planes.length === 2 * dimension * units;
      for (let i = 0; i < current.length; i++) {
        const unit = Math.floor(i / dimension), k = i % dimension;
        const count = planes[(dimension + (separate ? k : 0)) * units + unit];
        // Where no sample is in reach, weights stay as they are.
        if (count > 0) current[i] = planes[k * units + unit] / count;
      }
    }
  }

  /** @returns {Float64Array} A copy of the current weights. */
  weights() {
    return this.current.slice();
  }

  /** Free the memory. */
  close() {
    this.kernel.free(this.samples, this.sampleWeight);
  }

  /** Sums of the samples and their counts by best matching unit, of shape (components, width, height). */
  #sums() {
    const { kernel, grid, current, dimension, samples, n, factors } = this;
    const units = grid.width * grid.height, components = factors.length / 2, size = units * components;
    const arrays = [current, n, n, 2 * size, size, factors, factors.map((factor) => 1 / factor)];
    return kernel.borrow(arrays, (weights, found, squared, limbs, planes, scales, inverses) => {
      kernel.searchInto(grid, dimension, weights, samples, n, 1, found, squared);
      kernel.view(Uint8Array, limbs, 16 * size).fill(0);
      kernel.call("sums_add", limbs, components, scales, found, samples, this.sampleWeight, n, dimension);
      kernel.call("sums_planes", limbs, units, components, inverses, planes);
      return kernel.view(Float64Array, planes, size).slice();
    });
  }

  /**
   * Convolve planes with the neighbourhood: across, and then down. On a hexagonal grid there are two kinds of rows.
   *
   * @param {Float64Array} planes
   */
  #smooth(planes) {
    const { width, height, grid, boundary } = this.grid, around = boundary === "toroidal";
    const kinds = grid === "hexagonal" ? [0, 1] : [0], count = kinds.length, radius = this.radius();
    const across = this.#factors(2 * width, 0.25, radius), down = this.#factors(height, count > 1 ? 0.75 : 1, radius);
    const shorter = (/** @type {number} */ distance, /** @type {number} */ length) =>
      around ? Math.min(Math.abs(distance), length - Math.abs(distance)) : Math.abs(distance);
    const smoothed = kinds.map((kind) => {
      const inner = kinds.map((other) => {
        const factor = (/** @type {number} */ x, /** @type {number} */ to) =>
          across[shorter(2 * (to - x) + other - kind, 2 * width)];
        const rows = planes.filter((_, i) => (i % height) % count === other);
        return this.#product(matrix(width, width, factor), rows, width, planes.length / (width * height));
      });
      const rows = Math.ceil((height - kind) / count);
      const factor = (/** @type {number} */ to, /** @type {number} */ y) =>
        down[shorter(to - count * y - kind, height)];
      return this.#product(interleaved(inner, height), matrix(height, rows, factor), height);
    });
    return interleaved(smoothed, height);
  }

  /**
   * The neighbourhood by the distance along an axis: multiples of the root of `square`.
   *
   * @param {number} length
   * @param {number} square
   * @param {number} radius
   */
  #factors(length, square, radius) {
    const exponents = Float64Array.from({ length }, (_, k) => (k ? -(square * k * k) / (2 * radius * radius) : 0));
    return this.kernel.arithmetic("exp", exponents).map((value) => (value < CUT ? 0 : value));
  }

  /**
   * Multiply a matrix of `depth` columns by each of `count` matrices of `depth` rows.
   *
   * @param {Float64Array} a
   * @param {Float64Array} b
   * @param {number} depth
   */
  #product(a, b, depth, count = 1) {
    const rows = a.length / depth, columns = b.length / depth / count, size = count * rows * columns;
    return this.kernel.borrow([a, b, size], (left, right, out) => {
      const step = depth * columns;
      this.kernel.call("product", left, 0, right, step, out, rows, depth, columns, 0, count * rows, 0);
      return this.kernel.view(Float64Array, out, size).slice();
    });
  }
}

/** @param {number} height @param {number} width @param {(row: number, column: number) => number} value */
function matrix(height, width, value) {
  return Float64Array.from({ length: height * width }, (_, i) => value(Math.floor(i / width), i % width));
}

/** Merge the planes of each kind of rows. @param {Float64Array[]} kinds @param {number} height */
function interleaved(kinds, height) {
  if (kinds.length === 1) return kinds[0];
  const next = kinds.map(() => 0), length = kinds.reduce((sum, kind) => sum + kind.length, 0);
  return Float64Array.from({ length }, (_, i) => {
    const kind = (i % height) % kinds.length;
    return kinds[kind][next[kind]++];
  });
}

/**
 * The largest magnitude of each component and of the counts, times the largest weight.
 *
 * @param {Values} samples
 * @param {number} dimension
 * @param {Values} [sampleWeight]
 */
function largest(samples, dimension, sampleWeight) {
  const found = [...Array(dimension).fill(0), 1];
  let weight = sampleWeight ? 0 : 1;
  for (let i = 0; i < samples.length; i++) {
    const magnitude = Math.abs(samples[i]), k = i % dimension;
    if (magnitude > found[k]) found[k] = magnitude;
  }
  for (let i = 0; sampleWeight && i < sampleWeight.length; i++) weight = Math.max(weight, sampleWeight[i]);
  return found.map((magnitude) => magnitude * weight);
}

/** The exponent of C's frexp. @param {number} x Not negative. @returns {number} */
function exponent(x) {
  if (x === 0) return 0;
  const biased = Number(new BigUint64Array(Float64Array.of(x).buffer)[0] >> 52n);
  return biased ? biased - 1022 : exponent(x * 2 ** 54) - 54;
}

/** Exactly 2 ** n, which the language does not promise. @param {number} n */
function powerOfTwo(n) {
  let power = 1;
  for (; n > 0; n--) power *= 2;
  for (; n < 0; n++) power /= 2;
  return power;
}
