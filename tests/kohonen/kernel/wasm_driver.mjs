// Trains maps, searches them and draws random numbers with the WebAssembly kernel, as the JSON of the standard input
// says; prints SHA-256 digests of the results. It knows no values but what it makes from seeds.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { load } from "../../../kohonen/kernel/kohonen.mjs";

const digest = (values) => createHash("sha256").update(Buffer.from(values.buffer)).digest("hex");
const kernel = await load(readFileSync(new URL("../../../kohonen/kernel/kohonen.wasm", import.meta.url)));

function train({ parameters, n, dimension, gaps, weighted }) {
  const seed = parameters.random_state;
  const samples = kernel.random([seed, 1], n * dimension);
  const missing = kernel.random([seed, 2], n * dimension);
  if (gaps) for (let i = 0; i < samples.length; i++) if (i % dimension && missing[i] < gaps) samples[i] = NaN;
  const initial = kernel.random(seed, parameters.width * parameters.height * dimension);
  const sampleWeight = weighted ? [kernel.random([seed, 3], n)] : [];
  const training = kernel[parameters.algorithm](parameters, initial, samples, ...sampleWeight);
  for (; training.iteration < parameters.iterations - 1; training.run(2));
  training.run(parameters.iterations - training.iteration);
  const weights = training.weights();
  training.close();
  const found = kernel.search(parameters, weights, samples, 2);
  return [weights, Float64Array.from(found.units), found.distances, kernel.uMatrix(parameters, weights)].map(digest);
}

const { cases, seeds, highs, functions, values } = JSON.parse(readFileSync(0, "utf8"));
const texts = (seed) => (Array.isArray(seed) ? seed.map(BigInt) : BigInt(seed));
console.log(
  JSON.stringify({
    cases: cases.map(train),
    random: seeds.map((seed) => digest(kernel.random(texts(seed), 1000))),
    integers: seeds.map((seed) => highs.map((high) => digest(kernel.integers(texts(seed), high, 100)))),
    arithmetic: functions.map((name) => digest(kernel.arithmetic(name, values, 2.4))),
  }),
);
