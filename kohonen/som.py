"""The self-organizing map as an estimator, in scikit-learn's vocabulary."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt

from kohonen.analysis.quality import Quality, assess
from kohonen.engines.search import match
from kohonen.engines.sizes import WANTED, Auto, settled, sized
from kohonen.errors import NotFittedError
from kohonen.geometry import Boundary, Grid
from kohonen.inputs.arrays import FloatArray, Missing, as_sample_weight, as_samples
from kohonen.inputs.frames import Samples, names_of, samples_in
from kohonen.parameters import AUTO, DEFINITIONS, Algorithm, Initialisation
from kohonen.training import Observer, TrainedMap, train

__all__ = ["SelfOrganizingMap"]


class SelfOrganizingMap:
    """A self-organizing map.

    Parameters
    ----------
    width, height : int or "auto", default "auto"
        Columns and rows of units. "auto" is chosen for the samples; see :func:`kohonen.engines.sizes.sized`.
    iterations : int or "auto", optional
        Passes over the data. By default "auto" if width and height are, otherwise 1000.
    learning_rate : float, default 0.1
        The initial learning rate, above 0 and at most 1; it decays like the radius.
    sigma : float, optional
        The initial radius of the neighbourhood, in units of the grid; half the longer side by default.
    final_sigma : float, default 1
        The radius at the end of the training. A batch training that ends below 0.134 ends as k-means.
    random_state : int, optional
        The seed of the initial weights; drawn at random if None.
    algorithm : {"auto", "online", "batch"}, default "auto"
        Update after each sample, or once per iteration from all samples. Batch training suits many samples;
        with fewer samples than units it orders the map badly. It ignores the learning rate. "auto" is batch
        where there are sample weights, or the iterations are "auto" and there are more than 1,000 samples.
    initialisation : {"random", "sample", "pca"}, default "random"
        Initial weights: random in [0, 1), randomly chosen samples, or evenly spaced on the plane of the
        samples' first two principal components.
    grid : {"rectangular", "hexagonal"}, default "rectangular"
        The arrangement of units.
    boundary : {"planar", "toroidal"}, default "planar"
        Whether opposite edges of the grid are joined.
    missing : {"error", "mask"}, default "error"
        With "mask", missing values (NaN) are left out of distances and updates.

    Attributes
    ----------
    parameters : Parameters
        The parameters; those that are "auto" are chosen when the map is fitted.
    weights_ : ndarray of shape (width, height, dim)
        The weight vectors, indexed ``[x, y]``.
    n_iter_ : int
        The number of iterations done; less than ``iterations`` if the training was stopped.
    n_features_in_ : int
        ``dim``, the number of values of a sample.
    feature_names_in_ : list of str or None
        The names of the columns of the data frame or Arrow table that the map was fitted to. Those of others
        must be the same, in any order.
    engine_ : str
        The engine that trained the map, such as ``"native (avx2)"`` or ``"numpy"``.
    random_state_ : int
        The seed that was used.

    Raises
    ------
    InvalidParameterError
        If a value has the wrong type or is out of range.

    References
    ----------
    T. Kohonen, "Self-organized formation of topologically correct feature maps", Biological Cybernetics 43,
    59-69 (1982).

    Examples
    --------
    >>> from kohonen import SelfOrganizingMap
    >>> som = SelfOrganizingMap(6, 4, iterations=50, random_state=0)
    >>> som.fit([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]).weights_.shape
    (6, 4, 3)
    """

    weights_: FloatArray
    n_iter_: int
    n_features_in_: int
    feature_names_in_: list[str] | None = None
    random_state_: int | None
    engine_: str

    def __init__(
        self,
        width: int | Auto = "auto",
        height: int | Auto = "auto",
        *,
        iterations: int | Auto | None = None,
        learning_rate: float = 0.1,
        sigma: float | None = None,
        final_sigma: float = 1.0,
        random_state: int | None = None,
        algorithm: Algorithm | Auto = "auto",
        initialisation: Initialisation = "random",
        grid: Grid = "rectangular",
        boundary: Boundary = "planar",
        missing: Missing = "error",
    ) -> None:
        self.missing = missing
        if iterations is None and (width, height) != (AUTO, AUTO):
            iterations = DEFINITIONS["iterations"].default
        shape, schedule = (width, height, iterations), (learning_rate, sigma, final_sigma)
        others = (random_state, algorithm, initialisation, grid, boundary)
        self._wanted, self._auto = settled(dict(zip(WANTED, (*shape, *schedule, *others), strict=True)))
        self.parameters = self._wanted

    def fit(
        self,
        X: Samples,
        y: object = None,
        sample_weight: npt.ArrayLike | None = None,
        *,
        initial_weights: npt.ArrayLike | None = None,
        should_stop: Callable[[], bool] | None = None,
        observers: Sequence[Observer] = (),
    ) -> Self:
        """Train the map from its initial weights.

        Parameters
        ----------
        X : array_like, data frame or Arrow table of shape (n, dim)
            The samples, presented in this order in each iteration.
        y : None
            Ignored; present for compatibility with scikit-learn.
        sample_weight : array_like of shape (n,), optional
            Weights of the samples in batch training, at least 0: a weight of 2 counts as the sample twice.
        initial_weights : array_like of shape (width, height, dim), optional
            Initial weights, instead of those of the initialisation.
        should_stop : callable, optional
            Called between iterations; the training ends when it returns True, and the map keeps its state
            after ``n_iter_`` iterations.
        observers : sequence of Observer, optional
            Notified of the start, of iterations and of the end.

        Returns
        -------
        SelfOrganizingMap
            This map.

        Raises
        ------
        InvalidDataError
            If the samples, their weights or the initial weights are invalid.
        InvalidParameterError
            If there are sample weights for online training.
        """
        trained = train(
            self._first(X, sample_weight),
            self.parameters,
            sample_weight=sample_weight,
            initial_weights=initial_weights,
            should_stop=should_stop,
            observers=observers,
            missing=self.missing,
        )
        return self._set_attributes(trained)

    def partial_fit(self, X: Samples, y: object = None, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Do one iteration, a pass over the samples, at the next position of the schedule.

        The first call on an untrained map begins with the initial weights. Beyond the last iteration, radius
        and learning rate shrink further. Errors are raised as by `fit`.

        Parameters
        ----------
        X : array_like, data frame or Arrow table of shape (n, dim)
            The samples of this pass; each pass may have different samples of the same dimension.
        y : None
            Ignored; present for compatibility with scikit-learn.
        sample_weight : array_like of shape (n,), optional
            As in `fit`.

        Returns
        -------
        SelfOrganizingMap
            This map.
        """
        fitted = hasattr(self, "weights_")
        done = self.n_iter_ if fitted else 0
        samples = self._samples(X) if fitted else self._first(X, sample_weight)
        trained = train(
            samples,
            replace(self.parameters, random_state=self.random_state_) if fitted else self.parameters,
            sample_weight=sample_weight,
            initial_weights=self.weights_ if fitted else None,
            first_iteration=done,
            last_iteration=done + 1,
            missing=self.missing,
        )
        return self._set_attributes(trained)

    def predict(self, X: Samples) -> npt.NDArray[np.int64]:
        """Return the best matching unit of each sample.

        Parameters
        ----------
        X : array_like, data frame or Arrow table of shape (n, dim)
            The samples.

        Returns
        -------
        ndarray of shape (n, 2)
            ``[x, y]`` of each sample's best matching unit; ties go to the lowest index in C order.

        Raises
        ------
        NotFittedError
            If the map has not been trained.
        InvalidDataError
            If the samples are invalid.
        """
        units = match(self._fitted_weights(), self._samples(X)).units[:, 0]
        return np.stack(np.divmod(units, self.parameters.height), axis=1)

    def transform(self, X: Samples) -> FloatArray:
        """Return the Euclidean distance of each sample to each unit.

        Parameters
        ----------
        X : array_like, data frame or Arrow table of shape (n, dim)
            The samples.

        Returns
        -------
        ndarray of shape (n, width * height)
            Distances in the data's units; the map's units are in C order of ``[x, y]``.

        Raises
        ------
        NotFittedError
            If the map has not been trained.
        InvalidDataError
            If the samples are invalid.
        """
        codebook = self._fitted_weights().reshape(-1, self.n_features_in_)
        samples = self._samples(X)
        squared = np.zeros((len(samples), len(codebook)))
        for k in range(self.n_features_in_):
            squared += np.nan_to_num(np.subtract.outer(samples[:, k], codebook[:, k]) ** 2, nan=0.0)
        return np.sqrt(squared)

    def quantization_error(self, X: Samples, sample_weight: npt.ArrayLike | None = None) -> float:
        """Return the (weighted) mean distance of the samples (n, dim) to their best matching units."""
        return self._quality(X, sample_weight).quantization_error

    def topographic_error(self, X: Samples, sample_weight: npt.ArrayLike | None = None) -> float:
        """Return the (weighted) share of the samples (n, dim) whose two best units are not neighbours."""
        return self._quality(X, sample_weight).topographic_error

    def _first(self, data: Samples, sample_weight: npt.ArrayLike | None) -> npt.ArrayLike:
        """Return the first samples; keep the names of their columns, and choose the parameters for them."""
        self.feature_names_in_, samples = names_of(data), samples_in(data)
        if self._auto:
            samples = as_samples(samples, missing=self.missing)
            weight = as_sample_weight(sample_weight, count=len(samples))
            self.parameters = sized(self._wanted, self._auto, samples, weight)
        return samples

    def _set_attributes(self, trained: TrainedMap) -> Self:
        self.weights_ = trained.weights
        self.n_iter_ = trained.iterations
        self.n_features_in_ = trained.weights.shape[2]
        self.random_state_ = trained.parameters.random_state
        self.engine_ = trained.engine
        return self

    def _quality(self, data: Samples, sample_weight: npt.ArrayLike | None) -> Quality:
        weights, samples = self._fitted_weights(), self._samples(data)
        given = as_sample_weight(sample_weight, count=len(samples))
        return assess(weights, samples, self.parameters.geometry, given)

    def _fitted_weights(self) -> FloatArray:
        if not hasattr(self, "weights_"):
            raise NotFittedError("this map has not been trained: call fit or partial_fit first")
        return self.weights_

    def _samples(self, data: npt.ArrayLike) -> FloatArray:
        self._fitted_weights()
        samples = samples_in(data, self.feature_names_in_ or [])
        return as_samples(samples, dimension=self.n_features_in_, missing=self.missing)
