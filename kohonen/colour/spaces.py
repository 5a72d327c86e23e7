"""Colour spaces: sRGB, OKLab and CIELAB.

sRGB is in [0, 1]. Conversions are fixed sequences of operations on doubles, with the same bits on every
processor; see :mod:`kohonen.arithmetic`.

References
----------
IEC 61966-2-1: sRGB. CIE 15: CIELAB. B. Ottosson, "A perceptual color space for image processing" (2020).
"""

from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from kohonen import arithmetic
from kohonen.inputs.arrays import FloatArray
from kohonen.kernel import address, kernel

__all__ = ["SPACES", "Space", "TrainingSpace", "cielab", "linear", "oklab", "times"]

Space: TypeAlias = Literal["oklab", "rgb"]
SPACES: tuple[Space, ...] = get_args(Space)

#: From linear sRGB to the responses of the cones, and from their cube roots to OKLab; and back.
_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_OKLAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_ROOTS = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_LINEAR = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)
#: From linear sRGB to XYZ, relative to the white point D65.
_XYZ = (
    (0.4339499, 0.3762098, 0.1898403),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0177566, 0.1094680, 0.8727754),
)
#: Factors of lightness and of both chroma axes in the training space: OKLab weighs lightness too much.
_WEIGHTS = (1.0, 2.0, 2.0)


class TrainingSpace(NamedTuple):
    """A space in which maps of colours are trained.

    Attributes
    ----------
    name : {"oklab", "rgb"}
        OKLab with both chroma axes doubled, or sRGB as it is.
    """

    name: Space

    def levels(self, values: FloatArray) -> FloatArray:
        """Return what `of_levels` takes of sRGB channels: linear light, or the values themselves."""
        return linear(values) if self.name == "oklab" else values

    @property
    def matrices(self) -> FloatArray | None:
        """The matrices (2, 3, 3) before and after the cube roots; None if there are none."""
        if self.name == "rgb":
            return None
        return np.array([_CONES, np.multiply(_OKLAB, np.array([_WEIGHTS]).T)])

    def of_levels(self, levels: FloatArray) -> FloatArray:
        """Return colours (n, 3) in this space, given the `levels` of their channels."""
        matrices = self.matrices
        if matrices is None:
            return levels
        return times(matrices[1], _apply("cbrt", times(matrices[0], levels)))

    def of_srgb(self, colours: FloatArray) -> FloatArray:
        """Return sRGB colours (n, 3) in this space."""
        return self.of_levels(self.levels(colours))

    def to_srgb(self, values: FloatArray) -> FloatArray:
        """Return colours (n, 3) of this space in sRGB, clipped to [0, 1]."""
        if self.name == "oklab":
            roots = times(_ROOTS, values / _WEIGHTS)
            light = np.clip(times(_LINEAR, roots * roots * roots), 0.0, 1.0)
            curve = 1.055 * _apply("power", light, 1.0 / 2.4) - 0.055
            values = np.where(light <= 0.0031308, 12.92 * light, curve)
        return np.clip(values, 0.0, 1.0)


def linear(colours: FloatArray) -> FloatArray:
    """Return sRGB channels of any shape as linear light."""
    curve = _apply("power", (colours + 0.055) / 1.055, 2.4)
    return np.where(colours <= 0.04045, colours / 12.92, curve)


def oklab(colours: FloatArray) -> FloatArray:
    """Return sRGB colours (n, 3) in OKLab."""
    return times(_OKLAB, _apply("cbrt", times(_CONES, linear(colours))))


def cielab(light: FloatArray) -> FloatArray:
    """Return colours (n, 3), given as linear light, in CIELAB."""
    xyz = times(_XYZ, light)
    x, y, z = np.where(xyz > 216 / 24389, _apply("cbrt", xyz), (24389 / 27 * xyz + 16) / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def times(matrix: Any, colours: FloatArray) -> FloatArray:
    """Return the products of a matrix with colours (n, 3), summed in order."""
    x, y, z = colours.T
    return np.stack([row[0] * x + row[1] * y + row[2] * z for row in matrix], axis=1)


def _apply(function: Literal["cbrt", "power"], values: FloatArray, exponent: float = 0.0) -> FloatArray:
    """Apply a function of `kohonen.arithmetic`, by the kernel if there is one."""
    found = kernel()
    if found is None:
        parameters = (exponent,) if function == "power" else ()
        result: npt.NDArray[np.float64] = getattr(arithmetic, function)(values, *parameters)
        return result
    values = np.ascontiguousarray(values)
    result = np.empty_like(values)
    found.arithmetic(4 if function == "cbrt" else 5, address(values), values.size, exponent, address(result))
    return result
