"""Compares the sums of batch training with those of Python's integers and fractions."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kohonen.engines import sums as module
from kohonen.engines.search import IntArray
from kohonen.engines.sums import NativeSums, Sums, largest, scales
from kohonen.kernel import kernel
from tests.kohonen.oracle import Array

KINDS = [Sums, NativeSums] if kernel() else [Sums]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def literal(units: IntArray, samples: Array, weights: Array | None, *, count: int, masked: bool) -> Array:
    """Sum as the contract says: integers of any size, and one rounding by Python's division."""
    _, dimension = samples.shape
    scale = literal_scales(samples, weights)
    totals = [[0] * count for _ in range(2 * dimension if masked else dimension + 1)]
    for row, (unit, sample) in enumerate(zip(units.tolist(), samples.tolist(), strict=True)):
        weight = 1.0 if weights is None else float(weights[row])
        for k, value in enumerate(sample):
            if value == value:
                totals[k][unit] += integer(weight * value, scale[k])
            if value == value and (masked or k == 0):
                totals[dimension + k][unit] += integer(weight, scale[-1])
    scale += scale[-1:] * dimension
    return np.array([[rounded(total, s) for total in plane] for plane, s in zip(totals, scale, strict=False)])


def integer(value: float, scale: int) -> int:
    """Return ``rint(value * 2**scale)``, with ties to even."""
    exact: Fraction = Fraction(value) * 2**scale if scale >= 0 else Fraction(value) / 2**-scale
    return round(exact)


def literal_scales(samples: Array, weights: Array | None) -> list[int]:
    """Return 61 - e per component and for counts, where ``2**(e - 1) <= largest < 2**e``."""
    heaviest = 1.0 if weights is None else float(weights.max())
    columns = [column[~np.isnan(column)].tolist() for column in samples.T]
    return [61 - math.frexp(max(map(abs, [0.0, *column])) * heaviest)[1] for column in [*columns, [1.0]]]


def rounded(total: int, scale: int) -> float:
    """Return ``total / 2**scale``: Python divides integers with one rounding."""
    return total / 2**scale if scale >= 0 else float(total * 2**-scale)


def exact(
    units: IntArray, samples: Array, weights: Array | None, *, kind: type[Sums], **options: Any
) -> Array:
    sums = kind(options["count"], scales(largest(samples, weights)), masked=options["masked"])
    sums.add(units, samples, weights)
    return sums.planes()


def check(units: IntArray, samples: Array, weights: Array | None = None, *, masked: bool = False) -> None:
    count = int(units.max()) + 2
    expected = literal(units, samples, weights, count=count, masked=masked)
    for kind in KINDS:
        found = exact(units, samples, weights, kind=kind, count=count, masked=masked)
        np.testing.assert_array_equal(found, expected)
        assert not np.signbit(found[found == 0.0]).any()


def log_normal(shape: tuple[int, int], *, seed: int = 0, spread: float = 3.0) -> Array:
    generator = np.random.default_rng(seed)
    samples: Array = np.exp(generator.normal(0.0, spread, shape)) * generator.choice([-1.0, 1.0], shape)
    return samples


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 60),
    dimension=st.integers(1, 4),
    spread=st.sampled_from([0.1, 3.0, 40.0]),
    exponent=st.sampled_from([0, 0, 60, 770, -900, -1060]),
    weighted=st.booleans(),
    masked=st.booleans(),
)
def test_sums_are_those_of_integers(
    seed: int, count: int, dimension: int, spread: float, exponent: int, weighted: bool, masked: bool
) -> None:
    generator = np.random.default_rng(seed)
    samples = np.ldexp(log_normal((count, dimension), seed=seed, spread=spread), exponent)
    samples = np.clip(samples, -1e300, 1e300)
    samples[generator.random(samples.shape) < 0.1] = -0.0
    weights = generator.choice([0.0, 0.25, 1.0, generator.random(), 3e5], count) if weighted else None
    if masked:
        samples[generator.random(samples.shape) < 0.3] = np.nan
    check(generator.integers(0, 4, count), samples, weights, masked=masked)


def test_columns_of_different_size() -> None:
    generator = np.random.default_rng(1)
    seconds = 1.7e18 + generator.integers(0, 10**15, 500).astype(float)
    samples = np.column_stack([seconds, generator.random(500), 1e-300 * generator.random(500)])
    check(generator.integers(0, 3, 500), samples)


@pytest.mark.parametrize("magnitude", [1e300, 1e-300, 5e-324, 2.5e-323, 1e-310, 0.0])
def test_numbers_at_the_ends_of_the_range(magnitude: float) -> None:
    samples = magnitude * np.array([[1.0, -1.0], [3.0, 0.5], [2.0, 0.0], [0.25, 1e-9], [7.0, -7.0]])
    check(np.array([0, 1, 0, 1, 0]), samples)
    check(np.array([0, 1, 0, 1, 0]), samples, np.array([1.0, 2.5, 0.0, 1e-3, 0.1]))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("tail", [-1, 0, 1])
@pytest.mark.parametrize("rows", [1, 4, 2**9, 2**12])
def test_ties_are_rounded_once(sign: float, tail: int, rows: int) -> None:
    """The sum lies halfway between two doubles, or off by the last bit of an integer."""
    values = [1.0] * rows + [np.ldexp(1.0, -60) * tail, rows * np.ldexp(1.0, -53), np.ldexp(1.0, -10)]
    samples = sign * np.array(values)[:, None]
    check(np.zeros(len(values), dtype=np.int64), samples)
    check(np.zeros(len(values), dtype=np.int64), samples + np.spacing(samples))


@every_kind
@pytest.mark.parametrize("masked", [False, True])
def test_order_and_parts_do_not_matter(
    kind: type[Sums], masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(2)
    samples, weights = log_normal((3000, 3), seed=3), generator.random(3000)
    if masked:
        samples[generator.random(samples.shape) < 0.2] = np.nan
    units = generator.integers(0, 40, 3000)
    options: dict[str, Any] = {"kind": kind, "count": 40, "masked": masked}
    whole = exact(units, samples, weights, **options)
    # In doubles the order matters for these samples.
    forward, back = (
        np.bincount(units[step], weights=np.nan_to_num(samples[step, 0])) for step in np.s_[::1, ::-1]
    )
    assert not np.array_equal(forward, back)
    order = generator.permutation(3000)
    np.testing.assert_array_equal(exact(units[order], samples[order], weights[order], **options), whole)
    monkeypatch.setattr(kind, "block", 7)
    monkeypatch.setattr(module, "UNCARRIED", 20)
    scale = scales(largest(samples, weights))
    parts = [kind(40, scale, masked=masked) for _ in range(3)]
    for i, rows in zip([0, 1, 2, 0, 1, 2], np.array_split(order, [1, 1, 700, 1911, 1950]), strict=True):
        parts[i].add(units[rows], samples[rows], weights[rows])
        parts[i].planes()
    for part in parts[1:]:
        parts[0].merge(part)
    np.testing.assert_array_equal(parts[0].planes(), whole)


def test_kinds_may_be_merged() -> None:
    units, samples = np.array([0, 1, 1]), log_normal((3, 2))
    scale = scales(largest(samples))
    one, other = Sums(2, scale), KINDS[-1](2, scale)
    one.add(units[:2], samples[:2])
    other.add(units[2:], samples[2:])
    one.merge(other)
    np.testing.assert_array_equal(one.planes(), literal(units, samples, None, count=2, masked=False))


@every_kind
def test_a_weight_of_two_is_the_sample_twice(kind: type[Sums]) -> None:
    samples, units = log_normal((50, 3)), np.arange(50) % 7
    options: dict[str, Any] = {"kind": kind, "count": 7, "masked": False}
    found = exact(units, samples, np.full(50, 2.0), **options)
    twice = exact(np.tile(units, 2), np.tile(samples, (2, 1)), None, **options)
    np.testing.assert_array_equal(found, twice)
    # Next to other weights, for values without digits below the scale's.
    samples, weights = 1.0 + np.random.default_rng(0).random((50, 3)), np.arange(50) % 2 + 1
    found = exact(units, samples, weights.astype(float), **options)
    repeated = exact(np.repeat(units, weights), np.repeat(samples, weights, axis=0), None, **options)
    np.testing.assert_array_equal(found, repeated)


@every_kind
def test_sums_of_different_scales_are_not_merged(kind: type[Sums]) -> None:
    sums = [kind(2, scales(np.array([magnitude, 1.0]))) for magnitude in (1.0, 3.0)]
    with pytest.raises(ValueError, match="different scales"):
        sums[0].merge(sums[1])


@every_kind
def test_many_samples_are_carried(kind: type[Sums]) -> None:
    """Doubling yields the sums of 2**35 samples, with the largest possible lower limbs."""
    value = np.nextafter(1.0, 0.0)
    sums = kind(1, scales(np.array([value, value])))
    sums.add(np.zeros(2**10, dtype=np.int64), np.full((2**10, 1), -value), np.full(2**10, value))
    for _ in range(25):
        sums.merge(sums)
    q = round(Fraction(value * value) * 2**61)
    assert sums.planes().ravel().tolist() == [-(q << 35) / 2**61, value * 2.0**35]


@every_kind
def test_a_tie_of_very_many_samples_is_rounded_once(kind: type[Sums]) -> None:
    """The last sample decides, although the upper limb alone has more digits than a double."""
    sums, units = kind(1, scales(np.ones(2))), np.zeros(2, dtype=np.int64)
    sums.add(units, np.array([[1.0], [2.0**-53]]))
    for _ in range(30):
        sums.merge(sums)
    sums.add(units[:1], np.array([[2.0**-60]]))
    assert sums.planes().ravel().tolist() == [2.0**30 * (1.0 + 2.0**-52), 2.0**31 + 1.0]


@pytest.mark.parametrize("kind", KINDS[1:])
def test_more_samples_than_the_lower_limb_takes(kind: type[Sums]) -> None:
    value, size = np.nextafter(1.0, 0.0), 2**20
    units, samples = np.zeros(size, dtype=np.int64), np.full((size, 1), value)
    sums = kind(1, scales(largest(samples)))
    for _ in range(2**7 + 1):
        sums.add(units, samples)
    rows = (2**7 + 1) * size
    assert sums.planes().ravel().tolist() == [rows * value, float(rows)]


def test_no_part_has_a_larger_magnitude_than_the_whole() -> None:
    samples, weights = log_normal((40, 3)), np.random.default_rng(0).random(40)
    samples[3, 1] = np.nan
    parts = [largest(samples[rows], weights[rows]) for rows in np.array_split(np.arange(40), 3)]
    whole = largest(samples, weights)
    assert (np.max(parts, axis=0) <= whole).all()
    assert whole[-1] == weights.max()
    assert scales(whole).tolist() == literal_scales(samples, weights)
