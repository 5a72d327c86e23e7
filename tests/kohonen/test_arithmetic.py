"""Compares the functions with decimal arithmetic, with their C twins, and under every dispatch of NumPy."""

import importlib
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import kohonen
from kohonen import arithmetic
from kohonen.kernel import address, kernel, loaded_kernel

Array = npt.NDArray[np.float64]

FUNCTIONS = ["exp", "ln", "log1p", "asinh", "cbrt", "power"]
EXPONENTS = [2.4, 1 / 2.4]

#: The digest of `digest()`, also in kernel_driver.c, which compares it on other processors.
DIGEST = 0xF3E7F8CF3C414C24

needs_kernel = pytest.mark.skipif(kernel() is None, reason="the kernel is not compiled")


def compute(name: str, x: npt.ArrayLike, exponent: float = 2.4) -> Array:
    parameters = (exponent,) if name == "power" else ()
    return np.asarray(getattr(arithmetic, name)(x, *parameters))


def compute_in_c(name: str, x: Array, exponent: float = 2.4) -> Array:
    found = np.empty_like(x)
    loaded_kernel().arithmetic(FUNCTIONS.index(name), address(x), x.size, exponent, address(found))
    return found


def random_bits(count: int) -> npt.NDArray[np.uint64]:
    """Return the numbers of the generator splitmix64 from the state 0, as kernel_driver.c does."""
    z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def arguments(count: int) -> Array:
    """Return doubles of every kind and, at odd places, between -8 and 8."""
    bits = random_bits(count)
    return np.where(np.arange(count) % 2 == 1, bits.astype(np.int64) * 2.0**-60, bits.view(np.float64))


def digest() -> int:
    """Return a digest of the functions' values, computed by NumPy."""
    x = arguments(20000)
    places = np.arange(1, 2 * x.size, 2, dtype=np.uint64)
    values = [compute(name, x, 1 / 2.4) for name in FUNCTIONS]
    return sum(int(np.sum(value.view(np.uint64) * places)) for value in values) % 2**64


def exact(name: str, x: float, exponent: float) -> Decimal:
    """Return the function's value to some 40 digits."""
    value, one = Decimal(x), Decimal(1)
    match name:
        case "exp":
            return value.exp()
        case "ln":
            return value.ln()
        case "log1p":
            return (1 + value).ln()
        case "asinh":
            return ((abs(value) + (value * value + 1).sqrt()).ln()).copy_sign(value)
        case "cbrt":
            return ((abs(value).ln() / 3).exp()).copy_sign(value)
        case _:
            return (value.ln() * Decimal(exponent)).exp() if value != one else one


#: Ranges of arguments, and the bound of the error as documented.
RANGES: list[tuple[str, Array, float]] = [
    ("exp", np.linspace(-708.0, 709.0, 1500), 0.7),
    ("exp", np.linspace(-1.0, 1.0, 1500), 0.7),
    ("exp", np.linspace(-745.0, -708.0, 500), 0.8),
    ("ln", np.geomspace(5e-324, 1e308, 1000), 0.51),
    ("ln", np.linspace(0.5, 2.0, 1001), 0.51),
    ("log1p", np.geomspace(1e-20, 1e20, 500), 0.51),
    ("log1p", np.linspace(-0.999, 1.0, 1000), 0.51),
    ("asinh", np.geomspace(1e-20, 1e20, 1000), 0.51),
    ("asinh", np.linspace(-3.0, 3.0, 1000), 0.51),
    ("cbrt", np.geomspace(5e-324, 1e308, 500), 0.51),
    ("cbrt", np.linspace(-1.0, 1.0, 1000), 0.51),
    ("power", np.linspace(0.001, 1.0, 1000), 0.8),
    ("power", np.geomspace(1e-100, 1e100, 500), 0.8),
]


@pytest.mark.parametrize(("name", "x", "bound"), RANGES)
def test_errors_are_within_the_documented_bounds(name: str, x: Array, bound: float) -> None:
    for exponent in EXPONENTS if name == "power" else [0.0]:
        found = compute(name, x, exponent)
        with localcontext(prec=90):
            errors = [
                abs(Decimal(value) - exact(name, argument, exponent)) / Decimal(math.ulp(value))
                for argument, value in zip(x.tolist(), found.tolist(), strict=True)
                if argument != 0
            ]
        assert max(errors) < bound


def test_known_values() -> None:
    assert arithmetic.exp(0) == arithmetic.power(1.0, 2.4) == arithmetic.power(7.0, 0.0) == 1.0
    assert arithmetic.ln(1) == arithmetic.log1p(0.0) == arithmetic.asinh(0.0) == 0.0
    cubes = np.arange(-100.0, 101.0)
    np.testing.assert_array_equal(arithmetic.cbrt(cubes**3), cubes)
    powers = np.arange(-358, 341)
    np.testing.assert_array_equal(arithmetic.cbrt(np.ldexp(1.0, 3 * powers)), np.ldexp(1.0, powers))


NUMPY: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "ln": np.log,
    "log1p": np.log1p,
    "asinh": np.arcsinh,
    "cbrt": np.cbrt,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("exponent", [*EXPONENTS, -0.7, 1e305])
def test_special_values_are_numpy_s(name: str, exponent: float) -> None:
    x = np.array(
        [0.0, -0.0, math.inf, -math.inf, math.nan, -1.0, 1.0, 800.0, -800.0, 5e-324, -5e-324, 1.7e308]
    )
    with np.errstate(all="ignore"):
        expected = NUMPY[name](x) if name in NUMPY else np.where(x < 0.0, np.nan, np.power(x, exponent))
    found = compute(name, x, exponent)
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[numbers]), np.signbit(expected[numbers]))


def test_numbers_of_any_shape_are_taken() -> None:
    assert isinstance(arithmetic.exp(1), float)
    assert arithmetic.ln(np.ones((2, 3), dtype=np.float32)).shape == (2, 3)
    assert arithmetic.asinh([]).shape == (0,)
    turned = np.arange(1.0, 10001.0).reshape(100, 100).T
    np.testing.assert_array_equal(arithmetic.cbrt(turned), arithmetic.cbrt(turned.ravel()).reshape(100, 100))


@needs_kernel
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("exponent", [*EXPONENTS, 0.0, -3.7, 1e305])
def test_c_gives_the_same_bits(name: str, exponent: float) -> None:
    near_one = 1.0 + np.outer([1.0, -1.0], 2.0 ** np.arange(-60.0, 0.0)).ravel()
    for x in (arguments(20000), np.linspace(-746.0, 711.0, 20001), near_one, near_one - 1.0):
        found = compute(name, x, exponent)
        np.testing.assert_array_equal(found.view(np.uint64), compute_in_c(name, x, exponent).view(np.uint64))


@needs_kernel
@given(x=st.lists(st.floats(), min_size=1), exponent=st.floats(allow_nan=False, allow_infinity=False))
@example(x=[math.nextafter(2.0**500, math.inf), 2.0**500, 2.0**-26, 2.0**-54], exponent=2.4)
def test_c_gives_the_same_bits_for_any_double(x: list[float], exponent: float) -> None:
    values = np.array(x)
    for name in FUNCTIONS:
        found, expected = compute(name, values, exponent), compute_in_c(name, values, exponent)
        np.testing.assert_array_equal(found.view(np.uint64), expected.view(np.uint64))


def test_numpy_gives_the_same_bits_with_every_instruction_set() -> None:
    assert digest() == DIGEST
    features = importlib.import_module("numpy._core._multiarray_umath")
    found = [name for name in features.__cpu_dispatch__ if features.__cpu_features__[name]]
    for disabled in {tuple(found), *((name,) for name in found)}:
        run = subprocess.run(
            [sys.executable, "-c", "from tests.kohonen.test_arithmetic import digest; print(digest())"],
            env=os.environ | {"NPY_DISABLE_CPU_FEATURES": " ".join(disabled)},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
            text=True,
        )
        assert int(run.stdout) == DIGEST


#: Functions that differ between processors or libraries, in Python and in C.
INEXACT = re.compile(
    r"\b(?:np|math)\.(?:exp\w*|log\w*|pow\w*|float_power|cbrt|a?(?:sin|cos|tan)h?\d?|arc\w+|hypot|(?:geom|log)space)\("
    r"|\*\* *(?:\(|-?\d*\.\d)"
)
INEXACT_IN_C = re.compile(
    r"\b(?:exp|log|pow|cbrt|a?(?:sin|cos|tan)h?2?|hypot|fma|exp2|expm1|log1p|log2|log10)f?l?\("
)
#: Lines that use them for something else than samples, weights and palettes.
HARMLESS = {
    "colour/compression.py": "math.log10",  # a figure in decibels
    "colour/differences.py": "",  # differences of colours, which are rounded to a digit
    "colour/palettes.py": "hue",  # rounded to a tenth of a degree
    "observers/time_left.py": "REACH",  # estimates the time that is left
    "animation/moments.py": "ratio",  # chooses the iterations to draw
    "inputs/curves.py": "return np.asarray",  # numbers of a table that are shown again
    "pictures/labels.py": "turn",  # borders of the pieces of a pie
    "pictures/axes.py": "np.cos(angles), np.sin(angles)",  # corners of drawn hexagons
}


def test_nothing_inexact_touches_samples_weights_or_palettes() -> None:
    folder = Path(kohonen.__file__).parent
    unexpected = [
        f"{path.relative_to(folder)}: {line.strip()}"
        for path in sorted(folder.rglob("*.[pch]*"))
        if path.suffix in {".py", ".c", ".h"}
        for line in path.read_text().splitlines()
        if (INEXACT if path.suffix == ".py" else INEXACT_IN_C).search(line.partition("#")[0])
        and not line.lstrip().startswith(("/*", "*"))
        and HARMLESS.get(path.relative_to(folder).as_posix(), "\n") not in line
    ]
    assert unexpected == []
