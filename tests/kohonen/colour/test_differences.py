import numpy as np
import pytest

from kohonen.colour.differences import alike, ciede2000

# From the supplementary test data of Sharma, Wu and Dalal.
KNOWN = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 3.1571, -77.2803), (50.0, 0.0, -82.7485), 2.8615),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "expected"), KNOWN)
def test_the_published_differences(one: tuple[float, ...], other: tuple[float, ...], expected: float) -> None:
    for pair in ((one, other), (other, one)):
        found = ciede2000(np.array([pair[0]]), np.array([pair[1]]))
        assert found[0] == pytest.approx(expected, abs=1e-4)


def test_red_and_green_are_alike_without_green_cones() -> None:
    pairs = alike(np.array([[170, 100, 60], [115, 120, 60], [20, 20, 200]], dtype=np.uint8))
    assert pairs["normal"] == []
    assert [(pair.one, pair.other) for pair in pairs["deutan"]] == [(0, 1)]
    assert pairs["deutan"][0].difference < 10
    assert pairs.keys() == {"normal", "protan", "deutan", "tritan"}


def test_one_colour_has_no_pairs() -> None:
    assert not any(alike(np.zeros((1, 3), dtype=np.uint8)).values())
