"""Ratings in long form, as samples of a map of users."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kohonen.errors import InvalidDataError
from kohonen.inputs.arrays import FloatArray

__all__ = ["Ratings"]

#: Ratings of zero that are added to those of an item, and of a user, before their mean deviation is taken.
_ITEM_DAMPING, _USER_DAMPING = 10, 15


@dataclass(frozen=True)
class Ratings:
    """Ratings of items by users, one for each pair.

    Attributes
    ----------
    users, items : tuple of str
        The names, in order of their first rating.
    user, item : ndarray of shape (n,)
        The user and the item of each rating, as indices of these names.
    values : ndarray of shape (n,)
        The ratings.
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    user: npt.NDArray[np.int64]
    item: npt.NDArray[np.int64]
    values: FloatArray

    @classmethod
    def of(cls, users: Sequence[str], items: Sequence[str], values: npt.ArrayLike) -> "Ratings":
        """Collect ratings from three columns. Of several ratings of an item by a user the last counts.

        Raises
        ------
        InvalidDataError
            If there are no ratings, or a rating is not a finite number.
        """
        found = np.asarray(values, dtype=np.float64)
        if not len(found):
            raise InvalidDataError("there are no ratings")
        if not np.isfinite(found).all():
            place = int(np.flatnonzero(~np.isfinite(found))[0])
            raise InvalidDataError(f"rating {place + 1} is {found[place]}: ratings must be finite numbers")
        last = {pair: place for place, pair in enumerate(zip(users, items, strict=True))}
        kept = sorted(last.values())
        known_users = {name: place for place, name in enumerate(dict.fromkeys(users))}
        known_items = {name: place for place, name in enumerate(dict.fromkeys(items))}
        return cls(
            users=tuple(known_users),
            items=tuple(known_items),
            user=np.array([known_users[users[place]] for place in kept]),
            item=np.array([known_items[items[place]] for place in kept]),
            values=found[kept],
        )

    @property
    def expected(self) -> tuple[float, FloatArray, FloatArray]:
        """The mean of all ratings, and the damped deviations of each item and of each user from it."""
        mean = float(np.cumsum(self.values)[-1]) / len(self.values)  # in a fixed order
        items = self._deviations(self.values - mean, self.item, len(self.items), _ITEM_DAMPING)
        left = self.values - mean - items[self.item]
        return mean, items, self._deviations(left, self.user, len(self.users), _USER_DAMPING)

    @property
    def residuals(self) -> FloatArray:
        """The ratings without the mean and the deviations of item and user."""
        mean, items, users = self.expected
        return self.values - mean - items[self.item] - users[self.user]

    @staticmethod
    def _deviations(values: FloatArray, of: npt.NDArray[np.int64], count: int, damping: int) -> FloatArray:
        return np.bincount(of, values, count) / (np.bincount(of, minlength=count) + damping)
