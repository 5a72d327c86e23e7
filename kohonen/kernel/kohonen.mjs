/**
 * Self-organizing maps in a page or in Node: the compiled kernel as WebAssembly, with the bits of the Python library.
 *
 *     const kernel = await load(fetch("kohonen.wasm"));
 *     const weights = kernel.random(7, 30 * 20 * 3);
 *     const training = kernel.online({ width: 30, height: 20, iterations: 100 }, weights, samples);
 *     for (; training.iteration < 100; training.run(10)) draw(training.weights());
 *     training.close();
 *
 * Parameters are named as in the service's requests. Weights have the shape (width, height, dimension) and samples the
 * shape (n, dimension), flat and in C order; a missing value is NaN. Arguments are copied, and not checked.
 *
 * @typedef {ArrayLike<number>} Values
 * @typedef {number | bigint | (number | bigint)[]} Seed
 * @typedef {{width: number, height: number, grid?: "rectangular" | "hexagonal", boundary?: "planar" | "toroidal"}} Grid
 * @typedef {{learning_rate?: number, sigma?: number, final_sigma?: number}} Decay
 * @typedef {Grid & Decay & {iterations: number}} Parameters
 */
import { Batch, Online } from "./training.mjs";

/** Types of the functions' arguments, as in kernel.h: "s" for a 64-bit integer, which is a BigInt, and "n" otherwise. */
const TYPES = {
  arithmetic: "nnsnn",
  random: "nsns",
  integers: "nssns",
  search_open: "sssnnsnn",
  search_close: "n",
  search_run: "nnsnnn",
  online_open: "sssnnsnnnnnn",
  online_close: "n",
  online_run: "nss",
  online_weights: "nn",
  sums_add: "nsnnnnss",
  sums_planes: "nssnn",
  product: "nsnsnsssssn",
  u_matrix: "sssnnnn",
};

/** Elementary functions, by their numbers. */
const FUNCTIONS = ["exp", "ln", "log1p", "asinh", "cbrt", "power"];

/**
 * Load the kernel.
 *
 * @param {BufferSource | Response | Promise<Response>} source The file's bytes, or the response to a request for it.
 * @returns {Promise<Kernel>}
 */
export async function load(source) {
  const found = await source;
  const bytes = found instanceof Response ? await found.arrayBuffer() : found;
  const { instance } = await WebAssembly.instantiate(bytes);
  return new Kernel(instance.exports);
}

/** The kernel's functions, and arrays in its memory. */
export class Kernel {
  /** @param {Record<string, any>} exports Those of the WebAssembly instance. */
  constructor(exports) {
    this.exports = exports;
    exports._initialize();
  }

  /**
   * Apply an elementary function. Unlike those of `Math` its bits are the same in every browser.
   *
   * @param {"exp" | "ln" | "log1p" | "asinh" | "cbrt" | "power"} name
   * @param {Values} values
   * @param {number} exponent That of "power".
   * @returns {Float64Array}
   */
  arithmetic(name, values, exponent = 0) {
    return this.borrow([values], (address) => {
      this.call("arithmetic", FUNCTIONS.indexOf(name), address, values.length, exponent, address);
      return this.view(Float64Array, address, values.length).slice();
    });
  }

  /** @param {Seed} seed @param {number} count @returns {Float64Array} `numpy.random.default_rng(seed).random(count)` */
  random(seed, count) {
    return this.#generate("random", seed, count, [], (found) => this.view(Float64Array, found, count).slice());
  }

  /** @param {Seed} seed @param {number} high @param {number} count @returns {Float64Array} `integers(0, high, count)` */
  integers(seed, high, count) {
    const read = (/** @type {number} */ found) => Float64Array.from(this.view(BigInt64Array, found, count), Number);
    return this.#generate("integers", seed, count, [high], read);
  }

  /**
   * Find the `count` (1 or 2) units nearest to each sample.
   *
   * @param {Grid} grid
   * @param {Values} weights
   * @param {Values} samples
   * @param {number} count
   * @returns {{units: Int32Array, distances: Float64Array}} Indices of units in C order, and distances: (n, count).
   */
  search(grid, weights, samples, count = 1) {
    const dimension = weights.length / (grid.width * grid.height);
    const n = samples.length / dimension, found = n * count;
    return this.borrow([weights, samples, found, found], (map, rows, units, squared) => {
      this.searchInto(grid, dimension, map, rows, n, count, units, squared);
      return {
        units: this.view(Int32Array, units, 2 * found).filter((_, i) => i % 2 === 0),
        distances: this.view(Float64Array, squared, found).map(Math.sqrt),
      };
    });
  }

  /**
   * Return the U-matrix: the mean distance of each unit's weights to those of its neighbours, (width, height).
   *
   * @param {Grid} grid
   * @param {Values} weights
   * @returns {Float64Array}
   */
  uMatrix({ width, height, grid, boundary }, weights) {
    const units = width * height, dimension = weights.length / units;
    return this.borrow([weights, units], (map, out) => {
      this.call("u_matrix", width, height, dimension, map, grid === "hexagonal", boundary === "toroidal", out);
      return this.view(Float64Array, out, units).slice();
    });
  }

  /**
   * Begin online training. With one sample and one iteration it is a single step of the algorithm.
   *
   * @param {Parameters} parameters
   * @param {Values} weights
   * @param {Values} samples
   */
  online(parameters, weights, samples) {
    return new Online(this, parameters, weights, samples);
  }

  /**
   * Begin batch training, of at most 2 ** 26 samples.
   *
   * @param {Parameters} parameters
   * @param {Values} weights
   * @param {Values} samples
   * @param {Values} [sampleWeight] Weights of the samples.
   */
  batch(parameters, weights, samples, sampleWeight) {
    return new Batch(this, parameters, weights, samples, sampleWeight);
  }

  // What follows is for training.mjs: calls, and memory by its addresses.

  /**
   * Call a function of kernel.h.
   *
   * @param {keyof typeof TYPES} name
   * @param {...(number | boolean)} values
   */
  call(name, ...values) {
    const typed = values.map((value, i) => (TYPES[name][i] === "s" ? BigInt(value) : Number(value)));
    return this.exports[`kohonen_${name}`](...typed);
  }

  /** @param {number} bytes @returns {number} The address of new memory. */
  allocate(bytes) {
    const address = this.exports.malloc(bytes || 1) >>> 0;
    if (!address) throw new RangeError("not enough memory for this map");
    return address;
  }

  /** @param {...number} addresses */
  free(...addresses) {
    for (const address of addresses) this.exports.free(address);
  }

  /** @param {Values} values @returns {number} The address of a copy, as doubles. */
  copy(values) {
    const address = this.allocate(8 * values.length);
    this.view(Float64Array, address, values.length).set(values);
    return address;
  }

  /**
   * View an array in memory. Memory that grows moves, so that a view is valid until the next call.
   *
   * @template T
   * @param {new (buffer: ArrayBuffer, address: number, length: number) => T} type
   * @param {number} address
   * @param {number} length
   * @returns {T}
   */
  view(type, address, length) {
    return new type(this.exports.memory.buffer, address, length);
  }

  /**
   * Use arrays in memory, and free them.
   *
   * @template T
   * @param {(Values | number)[]} arrays Values to copy, or the lengths of new arrays of eight bytes each.
   * @param {(...addresses: number[]) => T} use
   * @returns {T}
   */
  borrow(arrays, use) {
    /** @type {number[]} */
    const addresses = [];
    try {
      for (const array of arrays)
        addresses.push(typeof array === "number" ? this.allocate(8 * array) : this.copy(array));
      return use(...addresses);
    } finally {
      this.free(...addresses);
    }
  }

  /**
   * `search` of arrays in memory.
   *
   * @param {Grid} grid
   * @param {number} dimension
   * @param {number} weights
   * @param {number} samples
   * @param {number} n
   * @param {number} count
   * @param {number} units
   * @param {number} squared
   */
  searchInto({ width, height }, dimension, weights, samples, n, count, units, squared) {
    const search = this.call("search_open", width, height, dimension, weights, samples, n, 0, 0);
    const distances = search ? this.call("search_run", search, samples, n, count, units, squared) : -1n;
    this.call("search_close", search);
    if (distances < 0n) throw new RangeError("not enough memory to search this map");
  }

  /**
   * Draw random numbers. The words of a seed are its digits to base 2 ** 32, the lowest first; those of a list follow
   * each other.
   *
   * @param {"random" | "integers"} name
   * @param {Seed} seed
   * @param {number} count
   * @param {number[]} limits
   * @param {(address: number) => Float64Array} read
   */
  #generate(name, seed, count, limits, read) {
    /** @type {number[]} */
    const words = [];
    for (let rest of [seed].flat().map(BigInt))
      do words.push(Number(rest & 0xffffffffn));
      while ((rest >>= 32n));
    return this.borrow([words.length, count], (digits, found) => {
      this.view(Uint32Array, digits, words.length).set(words);
      this.call(name, digits, words.length, ...limits, found, count);
      return read(found);
    });
  }
}
