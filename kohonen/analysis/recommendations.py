"""Recommendations of items to users, from the ratings of their neighbours on a map of users."""

from typing import NamedTuple

import numpy as np

from kohonen import arithmetic
from kohonen.analysis.ratings import Ratings
from kohonen.engines.products import native_product, numpy_product
from kohonen.engines.search import IntArray
from kohonen.errors import InvalidParameterError
from kohonen.geometry import PLANAR, Geometry
from kohonen.inputs.arrays import FloatArray
from kohonen.kernel import kernel
from kohonen.schedule import NEIGHBOURHOOD_CUT

__all__ = ["RANK", "Recommendation", "Recommender", "user_vectors"]

#: The number of values that describe a user.
RANK = 4
#: Vectors more than wanted, and multiplications by the matrix and its transpose.
_EXTRA, _ROUNDS = 5, 8
#: Radius of the neighbourhood whose ratings count, in units of the grid, and ratings of zero added to theirs.
_RADIUS, _DAMPING = 2.5, 5.0


def user_vectors(ratings: Ratings, rank: int = RANK) -> FloatArray:
    """Describe each user by a few values: users with similar ratings have similar values.

    The matrix of the ratings' residuals, zero where there is no rating, is factorised by subspace iteration
    (N. Halko, P.-G. Martinsson, J. A. Tropp, "Finding structure with randomness", SIAM Review 53, 2011). Its
    products are summed in a fixed order, so that the values have the same bits everywhere.

    Parameters
    ----------
    ratings : Ratings
        The ratings.
    rank : int, default 4
        The number of values; fewer if there are fewer users or items.

    Returns
    -------
    ndarray of shape (users, rank)
        The samples of a map of users.
    """
    product = native_product if kernel() else numpy_product
    matrix = np.zeros((len(ratings.users), len(ratings.items)))
    matrix[ratings.user, ratings.item] = ratings.residuals
    across = np.ascontiguousarray(matrix.T)
    rank = min(rank, *matrix.shape)
    vectors = np.random.default_rng(0).random((len(across), min(rank + _EXTRA, *matrix.shape))) - 0.5
    for _ in range(_ROUNDS):
        vectors = _orthonormal(product(across, product(matrix, vectors)))
    return product(matrix, np.ascontiguousarray(vectors[:, :rank]))


def _orthonormal(vectors: FloatArray) -> FloatArray:
    """Make columns orthogonal and of length 1, by the modified Gram-Schmidt process; zero ones stay zero."""
    done = np.ascontiguousarray(vectors.T)
    for place, vector in enumerate(done):
        for other in done[:place]:
            vector -= np.cumsum(other * vector)[-1] * other
        length = np.sqrt(np.cumsum(vector * vector)[-1])
        vector /= length if length > 0.0 else 1.0
    return np.ascontiguousarray(done.T)


class Recommendation(NamedTuple):
    """A recommended item.

    Attributes
    ----------
    item : str
        The item.
    rating : float
        The expected rating.
    neighbours : int
        The number of other users within reach on the map who rated it.
    """

    item: str
    rating: float
    neighbours: int


class Recommender:
    """Expects a rating from the item, the user, and the user's neighbours on the map.

    The expected rating is the mean of all ratings, plus the deviation of the item, plus that of the user,
    plus the mean residual of the users who rated the item. That mean is weighted by the Gaussian of the
    distance of their units to the user's and damped, so that few or distant neighbours change little.

    Parameters
    ----------
    ratings : Ratings
        The ratings.
    positions : ndarray of shape (users, 2)
        ``[x, y]`` of each user's best matching unit, on a map trained on `user_vectors`.
    shape : tuple of int
        Width and height of the map.
    geometry : Geometry, optional
        Grid and boundary of the map; planar rectangular by default.
    radius : float, default 2.5
        The width of the Gaussian, in units of the grid.

    Examples
    --------
    >>> from kohonen import SelfOrganizingMap
    >>> ratings = Ratings.of(["ann", "ann", "bob", "bob", "cid"], ["x", "y", "x", "z", "x"], [5, 1, 5, 4, 2])
    >>> vectors = user_vectors(ratings)
    >>> som = SelfOrganizingMap(2, 2, iterations=50, random_state=0).fit(vectors)
    >>> [found.item for found in Recommender(ratings, som.predict(vectors), (2, 2)).recommend("ann")]
    ['z']
    """

    def __init__(
        self,
        ratings: Ratings,
        positions: IntArray,
        shape: tuple[int, int],
        geometry: Geometry = PLANAR,
        radius: float = _RADIUS,
    ) -> None:
        self._ratings = ratings
        self._units = positions[:, 0] * shape[1] + positions[:, 1]
        self._shape, self._geometry, self._radius = shape, geometry, radius
        self._residuals = ratings.residuals
        self._range = ratings.values.min(), ratings.values.max()
        self._mean, self._items, self._users = ratings.expected

    def expect(self, user: str) -> FloatArray:
        """Return the expected rating of each item by a user, within the range of the ratings."""
        return self._expect(self._place(user))[0]

    def recommend(self, user: str, count: int = 10) -> list[Recommendation]:
        """Return the items with the highest expected ratings, without those that the user has rated.

        Raises
        ------
        InvalidParameterError
            If there is no such user.
        """
        place = self._place(user)
        ratings, close = self._expect(place)
        of_others = self._ratings.user != place
        raters = np.bincount(
            self._ratings.item[of_others & (close[self._ratings.user] > 0.0)], minlength=len(ratings)
        )
        left = np.setdiff1d(np.arange(len(ratings)), self._ratings.item[~of_others])
        best = left[np.argsort(-ratings[left], kind="stable")[:count]]
        return [
            Recommendation(self._ratings.items[item], float(ratings[item]), int(raters[item]))
            for item in best
        ]

    def _expect(self, place: int) -> tuple[FloatArray, FloatArray]:
        """Return the expected ratings of a user, and the weights of all users for it."""
        distances = self._geometry.distance(self._units[place], self._units, self._shape)
        weights = arithmetic.exp(-(distances**2) / (2.0 * self._radius**2))
        weights[weights < NEIGHBOURHOOD_CUT] = 0.0
        by_rating, count = weights[self._ratings.user], len(self._ratings.items)
        sums = np.bincount(self._ratings.item, by_rating * self._residuals, count)
        near = sums / (np.bincount(self._ratings.item, by_rating, count) + _DAMPING)
        return np.clip(self._mean + self._items + self._users[place] + near, *self._range), weights

    def _place(self, user: str) -> int:
        try:
            return self._ratings.users.index(user)
        except ValueError:
            raise InvalidParameterError(f"no ratings are by a user {user!r}", parameter="id") from None
