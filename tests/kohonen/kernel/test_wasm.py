"""The kernel as WebAssembly: in Node it has the bits of the library, and the file is that of the sources."""

import hashlib
import json
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kohonen import arithmetic
from kohonen.analysis.views import u_matrix
from kohonen.engines import ENGINES, default_engine
from kohonen.engines.search import match
from kohonen.kernel import build, sources
from kohonen.parameters import Parameters
from tests.kohonen.kernel.test_random import HIGHS, SEEDS

WASM = build.FOLDER / "kohonen.wasm"
ROOT = build.FOLDER.parents[1]
#: The compiler, which is pinned, so that the same sources give the same bytes.
ZIG = ROOT / ".venv-cross" / "bin" / "python"
#: Playwright brings a Node.
NODE = next(ROOT.glob(".venv/lib/python3*/site-packages/playwright/driver/node"), None)
REBUILD = "kohonen.wasm is not that of the kernel's sources: run `make wasm`"

FUNCTIONS = ["exp", "ln", "log1p", "asinh", "cbrt", "power"]
VALUES = [0.0, 1e-300, 1e-9, 0.3, 1.0, 2.5, 700.0]
MAPS: list[dict[str, Any]] = [
    {"width": 20, "height": 13},
    {"width": 9, "height": 17, "n": 40, "dimension": 7},
    {"width": 5, "height": 2, "dimension": 1, "gaps": 0.1},
    {"width": 11, "height": 12, "n": 50, "dimension": 4, "gaps": 0.3, "final_sigma": 0.2},
    {"width": 1, "height": 8, "learning_rate": 0.5, "sigma": 3.0},
    {"width": 2, "height": 6, "n": 300, "dimension": 16, "final_sigma": 2.0},
    {"width": 24, "height": 24, "n": 200, "dimension": 14},
    {"width": 40, "height": 30, "n": 90, "gaps": 0.05, "final_sigma": 0.5},
]


def make_cases() -> list[dict[str, Any]]:
    """Eight maps, each on every grid, online and batch; every other one is a batch with sample weights."""
    cases = []
    kinds = product(["rectangular", "hexagonal"], ["planar", "toroidal"], ["online", "batch"])
    for (seed, one), (grid, boundary, algorithm) in product(enumerate(MAPS), kinds):
        data = {"n": 20, "dimension": 3, "gaps": 0.0} | one
        given = {name: data.pop(name) for name in ("n", "dimension", "gaps")}
        given["weighted"] = algorithm == "batch" and seed % 2 == 1
        data |= {"grid": grid, "boundary": boundary, "algorithm": algorithm}
        if grid == "hexagonal" and boundary == "toroidal":
            data["height"] += data["height"] % 2
        cases.append({"parameters": {**data, "iterations": 7, "random_state": seed}, **given})
    return cases


def sha(array: Any) -> str:
    return hashlib.sha256(np.ascontiguousarray(array, dtype=np.float64).tobytes()).hexdigest()


def train(case: dict[str, Any], *, native: bool) -> list[str]:
    """Return the digests of wasm_driver.mjs, by the library."""
    parameters, shape = Parameters(**case["parameters"]), (case["n"], case["dimension"])
    seed = case["parameters"]["random_state"]
    samples, missing = (np.random.default_rng([seed, i]).random(shape) for i in (1, 2))
    sample_weight = np.random.default_rng([seed, 3]).random(case["n"])
    samples[:, 1:][missing[:, 1:] < case["gaps"]] = np.nan
    engine = ENGINES[parameters.algorithm][not native]
    weighting = {"sample_weight": sample_weight} if case["weighted"] else {}
    initial = parameters.initial_weights(case["dimension"])
    training = engine(initial, samples, parameters.schedule, parameters.geometry, **weighting)
    training.run(0, parameters.iterations)
    weights = training.weights()
    found = match(weights, samples, count=2)
    return [
        sha(one) for one in (weights, found.units, found.distances, u_matrix(weights, parameters.geometry))
    ]


@pytest.mark.skipif(NODE is None, reason="Playwright, which brings Node, is not installed")
def test_node_gives_the_bits_of_the_library() -> None:
    cases = make_cases()
    given: dict[str, Any] = {
        "cases": cases,
        "seeds": [[str(one) for one in seed] if isinstance(seed, list) else str(seed) for seed in SEEDS],
        "highs": [high for high in HIGHS if high <= 2**53],
        "functions": FUNCTIONS,
        "values": VALUES,
    }
    command = [str(NODE), str(Path(__file__).with_name("wasm_driver.mjs"))]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    native = default_engine().name == "native"
    for case, digests in zip(cases, found["cases"], strict=True):
        assert digests == train(case, native=native), case
    for seed, digest, of_integers in zip(SEEDS, found["random"], found["integers"], strict=True):
        assert digest == sha(np.random.default_rng(seed).random(1000))
        assert of_integers == [
            sha(np.random.default_rng(seed).integers(0, high, 100)) for high in given["highs"]
        ]
    for name, digest in zip(FUNCTIONS, found["arithmetic"], strict=True):
        assert digest == sha(getattr(arithmetic, name)(VALUES, *([2.4] if name == "power" else [])))


def test_the_file_is_of_these_sources() -> None:
    digest = sources.digest(build.FOLDER)
    assert digest is not None
    assert digest.encode() in WASM.read_bytes(), REBUILD


@pytest.mark.skipif(not ZIG.exists(), reason="`make test` installs the compiler into .venv-cross")
def test_the_file_is_what_the_compiler_makes(tmp_path: Path) -> None:
    built = tmp_path / "kohonen.wasm"
    build.compile_kernel(built, compiler=f"{ZIG} -m ziglang cc -target wasm32-wasi", machine="wasm32")
    assert built.read_bytes() == WASM.read_bytes(), REBUILD
