"""Initial weights of a map."""

import numpy as np

from kohonen.inputs.arrays import FloatArray, fill_with_means
from kohonen.parameters import Parameters

__all__ = ["initial_weights"]


def initial_weights(
    parameters: Parameters, samples: FloatArray, sample_weight: FloatArray | None = None
) -> FloatArray:
    """Return the initial weights of a training.

    Parameters
    ----------
    parameters : Parameters
        With a seed; ``initialisation`` selects the method:

        * ``"random"``: uniform in [0, 1), independent of the samples.
        * ``"sample"``: for each unit a sample, drawn at random with replacement.
        * ``"pca"``: the plane through the samples' mean along their first two principal components, each
          from minus to plus the square root of its eigenvalue; the first along the grid's longer side. It
          does not depend on the seed, and its last bits may depend on the LAPACK in use.
    samples : ndarray of shape (n, dim)
        The samples; missing values (NaN) count as the mean of their component.
    sample_weight : ndarray of shape (n,), optional
        Their weights in the mean and the components of "pca". No method uses samples of weight 0.

    Returns
    -------
    ndarray of shape (width, height, dim)
        A new array.

    References
    ----------
    T. Kohonen, *Self-Organizing Maps*, 3rd edition, Springer 2001, section 3.7 (linear initialisation).
    """
    if parameters.initialisation == "random":
        return parameters.initial_weights(samples.shape[1])
    shares = np.ones(len(samples)) if sample_weight is None else sample_weight / sample_weight.max()
    samples, shares = fill_with_means(samples[shares > 0.0]), shares[shares > 0.0]
    if parameters.initialisation == "sample":
        return _from_samples(parameters, samples)
    return _from_principal_components(parameters, samples, shares / shares.sum())


def _from_samples(parameters: Parameters, samples: FloatArray) -> FloatArray:
    generator = np.random.default_rng(parameters.random_state)
    chosen = generator.integers(0, len(samples), size=(parameters.width, parameters.height))
    weights: FloatArray = samples[chosen]
    return weights


def _from_principal_components(parameters: Parameters, samples: FloatArray, shares: FloatArray) -> FloatArray:
    mean = (samples * shares[:, None]).sum(axis=0)
    # Scaled by the largest deviation, so that squares do not overflow.
    scale = float(np.abs(samples - mean).max()) or 1.0
    deviations = (samples - mean) / scale
    values, vectors = np.linalg.eigh((deviations * shares[:, None]).T @ deviations)
    axes = np.zeros((2, samples.shape[1]))
    for axis, k in zip(axes, range(len(values) - 1, -1, -1), strict=False):
        # The sign of an eigenvector is arbitrary: make its largest component positive.
        direction = vectors[:, k] * np.sign(vectors[np.abs(vectors[:, k]).argmax(), k])
        axis[:] = np.sqrt(max(float(values[k]), 0.0)) * scale * direction
    along_x, along_y = axes if parameters.width >= parameters.height else axes[::-1]
    x, y = _evenly(parameters.width), _evenly(parameters.height)
    return np.asarray(mean + x[:, None, None] * along_x + y[None, :, None] * along_y)


def _evenly(count: int) -> FloatArray:
    return np.linspace(-1.0, 1.0, count) if count > 1 else np.zeros(1)
