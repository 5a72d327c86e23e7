"""The kernel in a C program, for sanitizers and emulators: random maps against the literal algorithm."""

import shutil
import subprocess
from pathlib import Path

import pytest

from kohonen.kernel import kernel
from kohonen.kernel.build import compile_kernel

DRIVER = Path(__file__).with_name("kernel_driver.c")

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


def run(program: Path, seed: int, cases: int) -> str:
    return subprocess.run([program, str(seed), str(cases)], check=True, capture_output=True, text=True).stdout


@needs_compiler
@pytest.mark.parametrize(
    "flags",
    [[], ["-g", "-O1", "-DKOHONEN_CHECK", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]],
)
def test_random_maps_equal_the_literal_algorithm(tmp_path: Path, flags: list[str]) -> None:
    program = tmp_path / "driver"
    compile_kernel(program, program=DRIVER, flags=flags)
    said = run(program, seed=1, cases=300 if flags else 2000)
    found = kernel()
    assert found is None or found.instruction_set in said
