"""The map as an estimator, in scikit-learn's vocabulary."""

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from kohonen.data import FloatArray, Missing, as_samples
from kohonen.engines import default_engine, describe_engine
from kohonen.errors import NotFittedError
from kohonen.geometry import Boundary, Grid
from kohonen.initialisation import initial_weights as first_weights
from kohonen.parameters import Algorithm, Initialisation, Parameters
from kohonen.quality import Quality, assess
from kohonen.search import match
from kohonen.training import Observer, train

__all__ = ["SelfOrganizingMap"]


class SelfOrganizingMap:
    """A self-organizing map.

    Parameters
    ----------
    width, height : int
        Units of the grid, to the right and downwards.
    iterations : int, default 1000
        Passes over the data.
    learning_rate : float, default 0.1
        The learning rate at the start, above 0 and at most 1; it shrinks as the radius does.
    sigma : float, optional
        The radius of the neighbourhood at the start, in units of the grid; half the longer side by default.
    random_state : int, optional
        The seed of the initial weights; drawn when None.
    algorithm : {"online", "batch"}, default "online"
        Present the samples one by one, or all at once in each iteration. Batch training suits many samples;
        with fewer of them than units it orders the map badly. The learning rate plays no part in it.
    initialisation : {"random", "sample", "pca"}, default "random"
        Begin with random weights in [0, 1), with randomly chosen samples, or evenly spread over the plane of
        the samples' two principal components.
    grid : {"rectangular", "hexagonal"}, default "rectangular"
        How units are placed. The compiled engine serves planar rectangular grids; NumPy the others.
    boundary : {"planar", "toroidal"}, default "planar"
        Whether opposite edges of the grid are joined.
    missing : {"error", "mask"}, default "error"
        Whether samples may miss values (NaN), which are then left out of distances and updates.

    Attributes
    ----------
    weights_ : ndarray of shape (width, height, dim)
        The weight vectors, indexed ``[x, y]``.
    n_iter_ : int
        How many iterations have been done; below ``iterations`` when the training was stopped.
    n_features_in_ : int
        ``dim``, the values of a sample.
    engine_ : str
        What trained it, such as ``"native (avx2)"`` or ``"numpy"``.
    random_state_ : int
        The seed that was used.

    Raises
    ------
    InvalidParameterError
        For a value of the wrong type or out of range.

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
    random_state_: int | None
    engine_: str

    def __init__(
        self,
        width: int,
        height: int,
        *,
        iterations: int = 1000,
        learning_rate: float = 0.1,
        sigma: float | None = None,
        random_state: int | None = None,
        algorithm: Algorithm = "online",
        initialisation: Initialisation = "random",
        grid: Grid = "rectangular",
        boundary: Boundary = "planar",
        missing: Missing = "error",
    ) -> None:
        self.missing = missing
        self.parameters = Parameters(
            width=width,
            height=height,
            iterations=iterations,
            learning_rate=learning_rate,
            sigma=sigma,
            random_state=random_state,
            algorithm=algorithm,
            initialisation=initialisation,
            grid=grid,
            boundary=boundary,
        )

    def fit(
        self,
        X: npt.ArrayLike,
        y: object = None,
        *,
        initial_weights: npt.ArrayLike | None = None,
        should_stop: Callable[[], bool] | None = None,
        observers: Sequence[Observer] = (),
    ) -> Self:
        """Train the map from its beginning.

        Parameters
        ----------
        X : array_like of shape (n, dim)
            The samples, presented in this order in each iteration.
        y : None
            Ignored; here for scikit-learn's sake.
        initial_weights : array_like of shape (width, height, dim), optional
            Where to begin, instead of random weights.
        should_stop : callable, optional
            Asked between iterations; the training ends once it answers True, and the map keeps what it has
            reached: ``n_iter_`` says how far it came.
        observers : sequence of Observer, optional
            Told of the start, of each iteration and of the end.

        Returns
        -------
        SelfOrganizingMap
            This map.

        Raises
        ------
        InvalidDataError
            When the samples or the initial weights cannot be used.
        """
        trained = train(
            X,
            self.parameters,
            initial_weights=initial_weights,
            should_stop=should_stop,
            observers=observers,
            missing=self.missing,
        )
        self.weights_ = trained.weights
        self.n_iter_ = trained.iterations
        self.n_features_in_ = trained.weights.shape[2]
        self.random_state_ = trained.parameters.random_state
        self.engine_ = trained.engine
        return self

    def partial_fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Do one iteration, a pass over the samples, at the schedule's next position.

        The first call begins from random weights, unless the map has been trained. Past the last iteration
        the schedule goes on as it did: radius and learning rate shrink further.

        Parameters
        ----------
        X : array_like of shape (n, dim)
            The samples of this pass; another pass may have others, of the same dimension.
        y : None
            Ignored; here for scikit-learn's sake.

        Returns
        -------
        SelfOrganizingMap
            This map.

        Raises
        ------
        InvalidDataError
            When the samples cannot be used.
        """
        fitted = hasattr(self, "weights_")
        dimension = self.n_features_in_ if fitted else None
        samples = as_samples(X, dimension=dimension, missing=self.missing)
        if not fitted:
            parameters = self.parameters.seeded()
            self.weights_ = first_weights(parameters, samples)
            self.n_iter_ = 0
            self.n_features_in_ = samples.shape[1]
            self.random_state_ = parameters.random_state
        masked = bool(np.isnan(samples).any())
        kind = default_engine(self.parameters.algorithm, self.parameters.geometry, masked=masked)
        engine = kind(self.weights_, samples, self.parameters.schedule)
        engine.run(self.n_iter_, self.n_iter_ + 1)
        self.weights_ = engine.weights()
        self.engine_ = describe_engine(kind)
        self.n_iter_ += 1
        return self

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the best matching unit of each sample.

        Parameters
        ----------
        X : array_like of shape (n, dim)
            The samples.

        Returns
        -------
        ndarray of shape (n, 2)
            ``[x, y]`` of each sample's unit; ties go to the lowest index in C order.

        Raises
        ------
        NotFittedError
            Before the map is trained.
        InvalidDataError
            When the samples cannot be used.
        """
        units = match(self._fitted_weights(), self._samples(X)).units[:, 0]
        return np.stack(np.divmod(units, self.parameters.height), axis=1)

    def transform(self, X: npt.ArrayLike) -> FloatArray:
        """Return the Euclidean distance of each sample to each unit.

        Parameters
        ----------
        X : array_like of shape (n, dim)
            The samples.

        Returns
        -------
        ndarray of shape (n, width * height)
            In units of the data; the units in C order of ``[x, y]``.

        Raises
        ------
        NotFittedError
            Before the map is trained.
        InvalidDataError
            When the samples cannot be used.
        """
        codebook = self._fitted_weights().reshape(-1, self.n_features_in_)
        samples = self._samples(X)
        squared = np.zeros((len(samples), len(codebook)))
        for k in range(self.n_features_in_):
            squared += np.nan_to_num(np.subtract.outer(samples[:, k], codebook[:, k]) ** 2, nan=0.0)
        return np.sqrt(squared)

    def quantization_error(self, X: npt.ArrayLike) -> float:
        """Return the mean Euclidean distance of the samples (n, dim) to their best matching units."""
        return self._quality(X).quantization_error

    def topographic_error(self, X: npt.ArrayLike) -> float:
        """Return the share of the samples (n, dim) whose two best matching units are not neighbours."""
        return self._quality(X).topographic_error

    def _quality(self, data: npt.ArrayLike) -> Quality:
        return assess(self._fitted_weights(), self._samples(data), self.parameters.geometry)

    def _fitted_weights(self) -> FloatArray:
        if not hasattr(self, "weights_"):
            raise NotFittedError("this map has not been trained: call fit or partial_fit first")
        return self.weights_

    def _samples(self, data: npt.ArrayLike) -> FloatArray:
        self._fitted_weights()
        return as_samples(data, dimension=self.n_features_in_, missing=self.missing)
