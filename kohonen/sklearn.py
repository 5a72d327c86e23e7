"""The self-organizing map as a scikit-learn estimator, for pipelines and grid searches.

This module is optional and needs scikit-learn (``pip install '.[sklearn]'``)::

    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from kohonen.sklearn import SOM

    clusters = make_pipeline(StandardScaler(), SOM(12, 8, n_clusters=3, random_state=7)).fit_predict(table)

The same data, parameters and seed give the same map as :class:`kohonen.SelfOrganizingMap`. As scikit-learn
requires, every parameter has a default and is validated by ``fit``, units are numbered, and ``predict`` can
return clusters of units. For observers, initial weights or early stopping, use
:class:`kohonen.SelfOrganizingMap`.
"""

from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from kohonen.analysis.clusters import cluster_units
from kohonen.engines.sizes import Auto
from kohonen.geometry import Boundary, Grid
from kohonen.inputs.arrays import FloatArray, Missing, unmasked
from kohonen.inputs.frames import names_of, samples_in
from kohonen.parameters import SEEDS, Algorithm, Initialisation
from kohonen.som import SelfOrganizingMap

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_array, check_is_fitted, validate_data
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
    """A self-organizing map that clusters and transforms to distances, like ``sklearn.cluster.KMeans``.

    Units are numbered in C order of ``[x, y]``: the position of unit ``i`` is ``divmod(i, height)``. Online
    training presents samples in the order given, and the map depends on it.

    Parameters
    ----------
    width, height : int or "auto", default 10
        Columns and rows of units. "auto" is chosen for the samples; see :func:`kohonen.engines.sizes.sized`.
    iterations : int or "auto", default 1000
        Passes over the data.
    learning_rate : float, default 0.1
        The initial learning rate, above 0 and at most 1.
    sigma : float, optional
        The initial radius of the neighbourhood, in units of the grid; half the longer side by default.
    final_sigma : float, default 1
        The radius at the end of the training.
    random_state : int, RandomState instance or None, default None
        An integer is the seed itself, as in :class:`kohonen.SelfOrganizingMap`; otherwise a seed is drawn,
        from NumPy's global state if None.
    algorithm : {"online", "batch", "auto"}, default "online"
        Update after each sample, or once per iteration from all samples. "auto" is batch where there are
        sample weights, or the iterations are "auto" and there are more than 1,000 samples.
    initialisation : {"random", "sample", "pca"}, default "random"
        Initial weights: random in [0, 1), random samples, or the plane of the first two principal components.
    grid : {"rectangular", "hexagonal"}, default "rectangular"
        The arrangement of units.
    boundary : {"planar", "toroidal"}, default "planar"
        Whether opposite edges of the grid are joined.
    missing : {"error", "mask"}, default "error"
        With "mask", missing values (NaN) are left out of distances and updates.
    n_clusters : int, "auto" or None, default None
        If None, a sample's label is its best matching unit. Otherwise units are grouped into `n_clusters`
        clusters by Ward's method, and a sample's label is the cluster of its unit; ``"auto"`` selects the
        number from 2 to 8 with the smallest Davies-Bouldin index. It affects labels, not the map.

    Attributes
    ----------
    som_ : SelfOrganizingMap
        The trained map.
    weights_ : ndarray of shape (width, height, n_features_in_)
        Its weight vectors, indexed ``[x, y]``.
    labels_ : ndarray of shape (n,)
        The label of each sample of the last call of `fit` or `partial_fit`.
    unit_clusters_ : ndarray of shape (width, height) or None
        The cluster of each unit; None if ``n_clusters`` is None.
    n_iter_ : int
        The number of iterations done.
    n_features_in_ : int
        The number of values of a sample.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        The names of the columns, if the samples had names.

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
        width: int | Auto = 10,
        height: int | Auto = 10,
        *,
        iterations: int | Auto = 1000,
        learning_rate: float = 0.1,
        sigma: float | None = None,
        final_sigma: float = 1.0,
        random_state: int | np.random.RandomState | None = None,
        algorithm: Algorithm | Auto = "online",
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
        self.final_sigma = final_sigma
        self.random_state = random_state
        self.algorithm = algorithm
        self.initialisation = initialisation
        self.grid = grid
        self.boundary = boundary
        self.missing = missing
        self.n_clusters = n_clusters

    def fit(self, X: Any, y: object = None, sample_weight: Any = None) -> Self:
        """Train the map from its initial weights.

        Parameters
        ----------
        X : array_like or data frame of shape (n, dim)
            The samples, presented in this order in each iteration.
        y : None
            Ignored.
        sample_weight : array_like of shape (n,), optional
            Weights of the samples in batch training, at least 0.

        Returns
        -------
        SOM
            This estimator.

        Raises
        ------
        ValueError
            If a parameter is out of range or the samples are invalid.
        """
        som = self._untrained()
        samples = self._validated(X, reset=True)
        self.som_ = som.fit(samples, sample_weight=sample_weight)
        return self._set_attributes(samples)

    def partial_fit(self, X: Any, y: object = None, sample_weight: Any = None) -> Self:
        """Do one iteration, a pass over the samples, at the next position of the schedule.

        The map keeps the parameters of the first call, except `n_clusters`.

        Parameters
        ----------
        X : array_like or data frame of shape (n, dim)
            The samples of this pass.
        y : None
            Ignored.
        sample_weight : array_like of shape (n,), optional
            As in `fit`.

        Returns
        -------
        SOM
            This estimator.

        Raises
        ------
        ValueError
            If a parameter is out of range or the samples are invalid.
        """
        begins = not hasattr(self, "som_")
        som = self._untrained() if begins else self.som_
        samples = self._validated(X, reset=begins)
        self.som_ = som.partial_fit(samples, sample_weight=sample_weight)
        return self._set_attributes(samples)

    def predict(self, X: Any) -> IntArray:
        """Return the label of each sample (n, dim): its unit, or the cluster of its unit; shape (n,)."""
        return self._labels(self._samples(X))

    def positions(self, X: Any) -> IntArray:
        """Return ``[x, y]`` of each sample's (n, dim) best matching unit; shape (n, 2)."""
        return self.som_.predict(self._samples(X))

    def transform(self, X: Any) -> FloatArray:
        """Return the Euclidean distance of each sample (n, dim) to each unit; shape (n, width * height)."""
        return self.som_.transform(self._samples(X))

    def score(self, X: Any, y: object = None, sample_weight: Any = None) -> float:
        """Return the negative (weighted) quantization error on the samples (n, dim)."""
        return -self.som_.quantization_error(self._samples(X), sample_weight)

    @property
    def weights_(self) -> FloatArray:
        """The weight vectors, of shape (width, height, n_features_in_)."""
        return self.som_.weights_

    @property
    def _n_features_out(self) -> int:
        """The number of columns of `transform`, for ClassNamePrefixFeaturesOutMixin."""
        return self.som_.parameters.width * self.som_.parameters.height

    def _untrained(self) -> SelfOrganizingMap:
        parameters = self.get_params(deep=False)
        del parameters["n_clusters"]
        if not isinstance(self.random_state, Integral):
            generator = check_random_state(self.random_state)
            parameters["random_state"] = int(generator.randint(SEEDS, dtype=np.int64))
        return SelfOrganizingMap(**parameters)

    def _set_attributes(self, samples: FloatArray) -> Self:
        """Set the fitted attributes from the trained map."""
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
        if names_of(X) is not None:
            validate_data(self, X, reset=reset, skip_check_array=True)  # the names, and their order
            return np.asarray(check_array(samples_in(X), dtype=np.float64, ensure_all_finite=finite))
        samples: FloatArray = validate_data(
            self, unmasked(X), dtype=np.float64, ensure_all_finite=finite, reset=reset
        )
        return samples

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "mask"
        return tags
