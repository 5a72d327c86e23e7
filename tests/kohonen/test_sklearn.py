import importlib.util
import inspect
import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from kohonen import Parameters, SelfOrganizingMap
from kohonen import sklearn as module
from kohonen.analysis.clusters import cluster_units
from kohonen.sklearn import SOM

DATA = np.random.default_rng(1).random((30, 3))


def small(**more: Any) -> SOM:
    return SOM(**{"width": 5, "height": 4, "iterations": 20, "random_state": 3, **more})


def weight_checks(estimator: SOM) -> dict[str, str]:
    """Return the checks of sample weights, which online training refuses."""
    if estimator.algorithm == "batch":
        return {}
    names = [
        "check_sample_weights_not_an_array",
        "check_sample_weights_list",
        "check_sample_weights_pandas_series",
        "check_sample_weights_shape",
        "check_sample_weights_not_overwritten",
        "check_sample_weight_equivalence_on_dense_data",
    ]
    return dict.fromkeys(names, "online training takes no sample weights")


# Small maps, since some checks train many; the last one labels by cluster and trains in batches.
@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [
        SOM(6, 5, iterations=200),
        SOM(6, 5, iterations=50, missing="mask"),
        SOM(6, 5, iterations=30, algorithm="batch", initialisation="pca", grid="hexagonal", n_clusters=3),
    ],
    expected_failed_checks=weight_checks,
)
def test_it_passes_scikit_learn_s_own_checks(estimator: SOM, check: Any) -> None:
    check(estimator)


def test_its_map_is_the_library_s() -> None:
    som = small().fit(DATA)
    same = SelfOrganizingMap(5, 4, iterations=20, random_state=3).fit(DATA)
    np.testing.assert_array_equal(som.weights_, same.weights_)
    np.testing.assert_array_equal(som.transform(DATA), same.transform(DATA))
    np.testing.assert_array_equal(som.positions(DATA), same.predict(DATA))
    assert som.score(DATA) == -same.quantization_error(DATA)
    assert (som.n_iter_, som.n_features_in_) == (20, 3)


def test_defaults_are_the_library_s() -> None:
    signature = inspect.signature(SOM).parameters
    for name, parameter in inspect.signature(Parameters).parameters.items():
        if name not in {"width", "height"}:
            assert signature[name].default == parameter.default


def test_a_label_is_a_unit_and_the_unit_the_nearest_column() -> None:
    som = small()
    labels = som.fit_predict(DATA)
    np.testing.assert_array_equal(labels, som.predict(DATA))
    np.testing.assert_array_equal(labels, som.transform(DATA).argmin(axis=1))
    np.testing.assert_array_equal(np.stack(np.divmod(labels, 4), axis=1), som.positions(DATA))


@pytest.mark.parametrize("k", [3, np.int64(3), "auto"])
def test_labels_may_be_clusters_of_units(k: Any) -> None:
    som = small(n_clusters=k).fit(DATA)
    x, y = som.positions(DATA).T
    clusters = cluster_units(som.weights_, 3 if k != "auto" else k).labels
    np.testing.assert_array_equal(som.unit_clusters_, clusters)
    np.testing.assert_array_equal(som.labels_, clusters[x, y])
    np.testing.assert_array_equal(som.weights_, small().fit(DATA).weights_)


def test_columns_have_names() -> None:
    som = small().fit(DATA)
    names = som.get_feature_names_out()
    assert (names[0], names[-1], len(names)) == ("som0", "som19", som.transform(DATA).shape[1])


def test_partial_fit_is_one_iteration_after_the_other() -> None:
    som = small(n_clusters=2)
    for _ in range(20):
        som.partial_fit(DATA)
    np.testing.assert_array_equal(som.weights_, small().fit(DATA).weights_)
    np.testing.assert_array_equal(som.labels_, small(n_clusters=2).fit_predict(DATA))
    assert som.partial_fit(DATA[:7]).n_iter_ == 21
    assert som.labels_.shape == (7,)
    with pytest.raises(ValueError, match="2 features, but SOM is expecting 3"):
        som.partial_fit(DATA[:, :2])


def test_the_order_of_samples_counts_in_training_only() -> None:
    order = np.random.default_rng(0).permutation(len(DATA))
    som = small().fit(DATA)
    assert not np.array_equal(som.weights_, small().fit(DATA[order]).weights_)
    np.testing.assert_array_equal(som.transform(DATA)[order], som.transform(DATA[order]))


def test_a_seed_may_be_drawn() -> None:
    def weights(random_state: Any) -> Any:
        return small(random_state=random_state).fit(DATA).weights_

    np.testing.assert_array_equal(weights(np.random.RandomState(5)), weights(np.random.RandomState(5)))
    assert not np.array_equal(weights(np.random.RandomState(5)), weights(np.random.RandomState(6)))
    assert not np.array_equal(weights(None), weights(None))
    np.testing.assert_array_equal(weights(np.int64(3)), weights(3))


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("width", 0, "width must be at least 1, but is 0"),
        ("grid", "round", "grid must be one of 'rectangular', 'hexagonal'"),
        ("random_state", "seven", "cannot be used to seed"),
        ("n_clusters", 21, "from 1 to the map's 20 units"),
    ],
)
def test_parameters_are_checked_by_fit(parameter: str, value: Any, message: str) -> None:
    som = small().set_params(**{parameter: value})
    with pytest.raises(ValueError, match=message):
        som.fit(DATA)


def test_values_may_be_missing() -> None:
    samples = DATA.copy()
    samples[::4, 1] = np.nan
    som = small(missing="mask").fit(samples)
    same = SelfOrganizingMap(5, 4, iterations=20, random_state=3, missing="mask").fit(samples)
    np.testing.assert_array_equal(som.weights_, same.weights_)
    np.testing.assert_array_equal(som.labels_, som.transform(samples).argmin(axis=1))
    with pytest.raises(ValueError, match="contains NaN"):
        small().fit(samples)


def test_it_survives_cloning_and_pickling() -> None:
    som = small(n_clusters=2).fit(DATA)
    again = pickle.loads(pickle.dumps(som))
    np.testing.assert_array_equal(again.predict(DATA), som.labels_)
    assert clone(som).get_params() == som.get_params()


def test_a_pipeline_finds_the_species_of_iris() -> None:
    samples, species = load_iris(return_X_y=True)
    som = SOM(10, 7, iterations=200, random_state=1, initialisation="pca", grid="hexagonal", n_clusters=3)
    labels = make_pipeline(StandardScaler(), som).fit_predict(samples)
    assert adjusted_rand_score(species, labels) > 0.6  # k-means: 0.62
    # Its distances are features for the next step of a pipeline.
    model = make_pipeline(StandardScaler(), small(iterations=100), KNeighborsClassifier())
    assert model.fit(samples, species).score(samples, species) > 0.9


def test_a_grid_search_takes_the_map_with_the_smallest_error() -> None:
    samples = load_iris().data
    grid = {"som__width": [2, 8], "som__height": [2, 6]}
    pipeline = Pipeline([("scale", StandardScaler()), ("som", small(initialisation="sample"))])
    search = GridSearchCV(pipeline, grid, cv=KFold(3, shuffle=True, random_state=0)).fit(samples)
    assert search.best_params_ == {"som__width": 8, "som__height": 6}
    assert -1.0 < search.best_score_ < 0.0


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[sklearn\]'"):
        load_again(module)


def load_again(known: ModuleType) -> None:
    """Execute a second copy of a loaded module."""
    spec = importlib.util.spec_from_file_location("again", Path(str(known.__file__)))
    assert spec
    assert spec.loader
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_are_checked_by_name(library: str) -> None:
    frames = pytest.importorskip(library)
    columns = {"a": [1, 2, None, 4], "b": [True, False, True, True]}
    frame = frames.DataFrame(columns)
    if library == "pandas":
        frame = frame.convert_dtypes()
    array = np.array([[1, 1], [2, 0], [np.nan, 1], [4, 1]])
    som, expected = small(missing="mask").fit(frame), small(missing="mask").fit(array)
    np.testing.assert_array_equal(som.weights_, expected.weights_)
    np.testing.assert_array_equal(som.predict(frame), expected.predict(array))
    assert list(som.feature_names_in_) == ["a", "b"]
    with pytest.raises(ValueError, match="must be in the same order"):
        som.predict(frame[["b", "a"]])
    with pytest.raises(ValueError, match="contains NaN"):
        small().fit(frame)


def test_masked_values_are_missing() -> None:
    hidden = np.ma.masked_greater([[1.0, 1e6], [2.0, 3.0], [4.0, 5.0]], 1e5)
    shown = np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]])
    np.testing.assert_array_equal(
        small(missing="mask").fit(hidden).weights_, small(missing="mask").fit(shown).weights_
    )


def test_sizes_may_be_chosen_for_the_samples() -> None:
    som = SOM("auto", "auto", iterations="auto", random_state=1).fit(DATA)
    parameters = SelfOrganizingMap(random_state=1).fit(DATA).parameters
    assert (som.som_.parameters, som.width) == (parameters, "auto")
