// Train a model, name it, view it, use it for predictions, continue its training and delete it, from JavaScript.
//
// Needs only Node 18 or newer: node examples/clients/life-of-a-model.mjs [http://127.0.0.1:5000]

import { writeFile } from "node:fs/promises";

const url = (process.argv[2] ?? "http://127.0.0.1:5000").replace(/\/$/, "");

/** Send a request and return the response; throw an error with the text of a problem. */
async function call(method, path, body, accept = "application/json") {
  const headers = { Accept: accept };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) {
    const problem = await answer.json();
    throw new Error(`${method} ${path}: ${problem.title}: ${problem.detail}`);
  }
  return answer;
}

const json = async (...request) => (await call(...request)).json();
const save = async (file, answer) => writeFile(file, Buffer.from(await answer.arrayBuffer()));

const card = await json("POST", "/train", {
  colours: ["#264653", "#2a9d8f", "#e9c46a", "#f4a261", "#e76f51"],
  width: 40,
  height: 30,
  iterations: 200,
  random_state: 8,
  name: "javascript-sunset",
});
console.log(`trained ${card.revision}, quantization error ${card.quality.quantization_error.toFixed(4)}`);

await save("sunset.png", await call("GET", "/models/javascript-sunset/image", undefined, "image/png"));
await save("sunset.csv", await call("GET", "/models/javascript-sunset/download?format=csv", undefined, "*/*"));
console.log("saved sunset.png and sunset.csv");

const { results } = await json("POST", "/models/javascript-sunset/predict", { data: [[1, 0, 0], [0, 0.5, 0.5]] });
for (const { bmu_x, bmu_y, distance } of results) {
  console.log(`unit (${bmu_x}, ${bmu_y}), distance ${distance.toFixed(3)}`);
}

const child = await json("POST", "/models/javascript-sunset/fit", {
  schedule: "continue",
  iterations: 100,
  name: "javascript-sunset",
});
console.log(`continued as ${child.revision}, quantization error ${child.quality.quantization_error.toFixed(4)}`);

const { models } = await json("GET", "/models?name=javascript-sunset&sort=quantization_error");
for (const model of models) console.log(`${model.revision}: ${model.id}`);

for (const { id } of [child, card]) await call("DELETE", `/models/${id}`);
console.log("deleted both");
