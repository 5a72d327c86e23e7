"""Recommendations from generated ratings: two groups of users, each with a taste."""

import numpy as np
import pytest

from kohonen import InvalidDataError, InvalidParameterError, SelfOrganizingMap
from kohonen.analysis.ratings import Ratings
from kohonen.analysis.recommendations import RANK, Recommender, user_vectors


def generated(users: int = 60, items: int = 40, share: float = 0.4) -> tuple[Ratings, np.ndarray]:
    """Return ratings by users who like even items, and by users who like odd ones; and the whole matrix."""
    random = np.random.default_rng(1)
    liked = np.arange(users)[:, None] % 2 == np.arange(items) % 2
    truth = np.clip(np.where(liked, 4.5, 1.5) + random.normal(0, 0.5, liked.shape), 1, 5)
    user, item = np.nonzero(random.random(truth.shape) < share)
    return Ratings.of([f"u{one}" for one in user], [f"i{one}" for one in item], truth[user, item]), truth


def recommender(ratings: Ratings) -> Recommender:
    vectors = user_vectors(ratings)
    som = SelfOrganizingMap(12, 8, iterations=30, random_state=1, algorithm="batch", initialisation="sample")
    return Recommender(ratings, som.fit(vectors).predict(vectors), (12, 8))


def test_what_neighbours_liked_is_recommended() -> None:
    ratings, _ = generated()
    found = recommender(ratings)
    for user in (0, 1, 17):
        items = found.recommend(f"u{user}", 5)
        assert {int(one.item[1:]) % 2 for one in items} == {user % 2}
        by_user = ratings.user == ratings.users.index(f"u{user}")
        rated = {ratings.items[item] for item in ratings.item[by_user]}
        assert not rated & {one.item for one in items}
        assert all(one.neighbours > 0 and 1 <= one.rating <= 5 for one in items)
        assert [one.rating for one in items] == sorted((one.rating for one in items), reverse=True)


def test_expected_ratings_are_nearer_than_those_of_item_and_user() -> None:
    ratings, truth = generated()
    found = recommender(ratings)
    mean, items, users = ratings.expected
    rows, columns = (np.array([int(name[1:]) for name in names]) for names in (ratings.users, ratings.items))
    hidden = np.ones((len(rows), len(columns)), dtype=bool)
    hidden[ratings.user, ratings.item] = False
    wanted = truth[rows][:, columns]
    simple = np.clip(mean + items + users[:, None], 1, 5)
    expected = np.array([found.expect(user) for user in ratings.users])
    error, of_simple = (np.sqrt(((values - wanted)[hidden] ** 2).mean()) for values in (expected, simple))
    assert error < 0.8 * of_simple


def test_vectors_are_the_same_bits_with_and_without_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings, _ = generated()
    found = user_vectors(ratings)
    assert found.shape == (60, RANK)
    monkeypatch.setattr("kohonen.analysis.recommendations.kernel", lambda: None)
    assert (user_vectors(ratings) == found).all()


def test_all_items_may_be_asked_for() -> None:
    ratings = Ratings.of(["a", "a", "b"], ["x", "y", "z"], [1.0, 2.0, 3.0])
    assert {one.item for one in recommender(ratings).recommend("b", 100)} == {"x", "y"}


def test_equal_ratings_leave_nothing_to_tell_users_apart() -> None:
    ratings = Ratings.of(["a", "b", "c"], ["x", "x", "y"], [4, 4, 4])
    assert (user_vectors(ratings) == 0.0).all()
    assert recommender(ratings).recommend("a") == [("y", 4.0, 2 - 1)]


def test_the_last_rating_of_a_pair_counts() -> None:
    ratings = Ratings.of(["a", "b", "a"], ["x", "x", "x"], [1, 2, 5])
    assert ratings.values.tolist() == [2.0, 5.0]
    assert ratings.users == ("a", "b")
    assert ratings.user.tolist() == [1, 0]


@pytest.mark.parametrize(("values", "message"), [([], "no ratings"), ([1.0, np.nan], "rating 2 is nan")])
def test_ratings_are_finite_numbers(values: list[float], message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        Ratings.of(["a"] * len(values), ["x"] * len(values), values)


def test_an_unknown_user() -> None:
    with pytest.raises(InvalidParameterError, match="by a user 'nobody'"):
        recommender(generated()[0]).recommend("nobody")
