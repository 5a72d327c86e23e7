import math

import numpy as np

from kohonen import arithmetic


def test_exp() -> None:
    assert arithmetic.exp(0.0) == 1.0
    x = np.linspace(-30.0, 30.0, 1001)
    np.testing.assert_allclose(arithmetic.exp(x), [math.exp(value) for value in x], rtol=3e-16)
    np.testing.assert_array_equal(arithmetic.exp([-np.inf, 710.0, np.nan]), [0.0, np.inf, np.nan])
