"""The map as an estimator of scikit-learn: for pipelines, grid searches and whatever else takes one.

It is imported when asked for and needs scikit-learn (``pip install '.[sklearn]'``)::

    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from kohonen.sklearn import SOM

    clusters = make_pipeline(StandardScaler(), SOM(12, 8, n_clusters=3, random_state=7)).fit_predict(table)

It trains as :class:`kohonen.SelfOrganizingMap` does, and the same data, parameters and seed give the same
map. What differs is what scikit-learn asks for: every parameter has a default and is checked by ``fit``, a
unit is one number, and ``predict`` may tell clusters of units. For observers, initial weights or an early
end, train with :class:`kohonen.SelfOrganizingMap`.
"""

from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from kohonen.clusters import cluster_units
from kohonen.data import FloatArray, Missing
from kohonen.geometry import Boundary, Grid
from kohonen.parameters import SEEDS, Algorithm, Initialisation
from kohonen.som import SelfOrganizingMap

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError("kohonen.sklearn needs scikit-learn 1.6 or newer: pip install '.[sklearn]'") from error

__all__ = ["SOM"]

IntArray = npt.NDArray[np.int64]


class SOM(
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    ClusterMixin,
    BaseEstimator,
):
    """A self-organizing map that clusters, and transforms to distances, as ``sklearn.cluster.KMeans`` does.

    Units are numbered in C order of ``[x, y]``: unit ``i`` stands at ``divmod(i, height)``. Samples are
    presented in the order given: an online training of the same rows in another order is another map.

    Parameters
    ----------
    width, height : int, default 10
        Units of the grid, to the right and downwards.
    iterations : int, default 1000
        Passes over the data.
    learning_rate : float, default 0.1
        The learning rate at the start, above 0 and at most 1.
    sigma : float, optional
        The radius of the neighbourhood at the start, in units of the grid; half the longer side by default.
    random_state : int, RandomState instance or None, default None
        An integer is the seed itself, as in :class:`kohonen.SelfOrganizingMap`; otherwise one is drawn, from
        NumPy's global state where it is None.
    algorithm : {"online", "batch"}, default "online"
        Present the samples one by one, or all at once in each iteration.
    initialisation : {"random", "sample", "pca"}, default "random"
        Where the weights begin.
    grid : {"rectangular", "hexagonal"}, default "rectangular"
        How units are placed.
    boundary : {"planar", "toroidal"}, default "planar"
        Whether opposite edges of the grid are joined.
    missing : {"error", "mask"}, default "error"
        Whether samples may miss values (NaN), which are then left out of distances and updates.
    n_clusters : int, "auto" or None, default None
        With None, a sample's label is its best matching unit. With a number, units are grouped into so many
        clusters by Ward's method, and a sample's label is the cluster of its unit; ``"auto"`` takes the
        number from 2 to 8 with the smallest Davies-Bouldin index. It changes labels only, not the map.

    Attributes
    ----------
    som_ : SelfOrganizingMap
        The trained map.
    weights_ : ndarray of shape (width, height, n_features_in_)
        Its weight vectors, indexed ``[x, y]``.
    labels_ : ndarray of shape (n,)
        The label of each sample of the last call of `fit` or `partial_fit`.
    unit_clusters_ : ndarray of shape (width, height) or None
        The cluster of each unit; None where ``n_clusters`` is.
    n_iter_ : int
        How many iterations were done.
    n_features_in_ : int
        The values of a sample.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        The names of the columns, where the samples had some.

    Examples
    --------
    >>> from kohonen.sklearn import SOM
    >>> som = SOM(4, 3, iterations=50, random_state=0).fit([[0.0, 0.1], [0.9, 1.0]])
    >>> som.transform([[0.5, 0.5]]).shape
    (1, 12)
    """

    som_: SelfOrganizingMap
    labels_: IntArray
    unit_clusters_: IntArray | None
    n_iter_: int
    n_features_in_: int

    def __init__(
        self,
        width: int = 10,
        height: int = 10,
        *,
        iterations: int = 1000,
        learning_rate: float = 0.1,
        sigma: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        algorithm: Algorithm = "online",
        initialisation: Initialisation = "random",
        grid: Grid = "rectangular",
        boundary: Boundary = "planar",
        missing: Missing = "error",
        n_clusters: int | Literal["auto"] | None = None,
    ) -> None:
        self.width = width
        self.height = height
        self.iterations = iterations
        self.learning_rate = learning_rate
        self.sigma = sigma
        self.random_state = random_state
        self.algorithm = algorithm
        self.initialisation = initialisation
        self.grid = grid
        self.boundary = boundary
        self.missing = missing
        self.n_clusters = n_clusters

    def fit(self, X: Any, y: object = None) -> Self:
        """Train the map from its beginning.

        Parameters
        ----------
        X : array_like or data frame of shape (n, dim)
            The samples, presented in this order in each iteration.
        y : None
            Ignored.

        Returns
        -------
        SOM
            This estimator.

        Raises
        ------
        ValueError
            When a parameter is out of range or the samples cannot be used.
        """
        som = self._untrained()
        samples = self._validated(X, reset=True)
        self.som_ = som.fit(samples)
        return self._look(samples)

    def partial_fit(self, X: Any, y: object = None) -> Self:
        """Do one iteration, a pass over the samples, at the schedule's next position.

        The map keeps the parameters with which it began; `n_clusters` counts as it is now.

        Parameters
        ----------
        X : array_like or data frame of shape (n, dim)
            The samples of this pass.
        y : None
            Ignored.

        Returns
        -------
        SOM
            This estimator.

        Raises
        ------
        ValueError
            When a parameter is out of range or the samples cannot be used.
        """
        begins = not hasattr(self, "som_")
        som = self._untrained() if begins else self.som_
        samples = self._validated(X, reset=begins)
        self.som_ = som.partial_fit(samples)
        return self._look(samples)

    def predict(self, X: Any) -> IntArray:
        """Return the label of each sample (n, dim): its unit, or the cluster of its unit; shape (n,)."""
        return self._labels(self._samples(X))

    def positions(self, X: Any) -> IntArray:
        """Return ``[x, y]`` of each sample's (n, dim) best matching unit; shape (n, 2)."""
        return self.som_.predict(self._samples(X))

    def transform(self, X: Any) -> FloatArray:
        """Return the Euclidean distance of each sample (n, dim) to each unit; shape (n, width * height)."""
        return self.som_.transform(self._samples(X))

    def score(self, X: Any, y: object = None) -> float:
        """Return minus the quantization error on the samples (n, dim): the greater, the closer the map."""
        return -self.som_.quantization_error(self._samples(X))

    @property
    def weights_(self) -> FloatArray:
        """The weight vectors, of shape (width, height, n_features_in_)."""
        return self.som_.weights_

    @property
    def _n_features_out(self) -> int:
        """How many columns `transform` returns; ClassNamePrefixFeaturesOutMixin names them."""
        return self.som_.parameters.width * self.som_.parameters.height

    def _untrained(self) -> SelfOrganizingMap:
        parameters = self.get_params(deep=False)
        del parameters["n_clusters"]
        if not isinstance(self.random_state, Integral):
            generator = check_random_state(self.random_state)
            parameters["random_state"] = int(generator.randint(SEEDS, dtype=np.int64))
        return SelfOrganizingMap(**parameters)

    def _look(self, samples: FloatArray) -> Self:
        """Take over what the map has become."""
        self.n_iter_ = self.som_.n_iter_
        k = self.n_clusters
        if isinstance(k, Integral):
            k = int(k)
        self.unit_clusters_ = None if k is None else cluster_units(self.som_.weights_, k).labels
        self.labels_ = self._labels(samples)
        return self

    def _labels(self, samples: FloatArray) -> IntArray:
        x, y = self.som_.predict(samples).T
        if self.unit_clusters_ is None:
            return np.asarray(x * self.som_.parameters.height + y)
        return np.asarray(self.unit_clusters_[x, y])

    def _samples(self, X: Any) -> FloatArray:
        check_is_fitted(self)
        return self._validated(X, reset=False)

    def _validated(self, X: Any, *, reset: bool) -> FloatArray:
        finite = "allow-nan" if self.missing == "mask" else True
        samples: FloatArray = validate_data(self, X, dtype=np.float64, ensure_all_finite=finite, reset=reset)
        return samples

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "mask"
        return tags
