"""Initial weights of a map."""

import numpy as np

from kohonen.inputs.arrays import FloatArray, fill_with_means
from kohonen.parameters import Parameters

__all__ = ["initial_weights", "principal_components"]

#: Samples per block of a covariance: bounds the memory.
_BLOCK = 65_536


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
    mean, spreads, vectors = principal_components(samples, shares)
    axes = np.zeros((2, samples.shape[1]))
    for axis, spread, vector in zip(axes, spreads, vectors, strict=False):
        # The sign of an eigenvector is arbitrary: make its largest component positive.
        axis[:] = spread * vector * np.sign(vector[np.abs(vector).argmax()])
    along_x, along_y = axes if parameters.width >= parameters.height else axes[::-1]
    x, y = _evenly(parameters.width), _evenly(parameters.height)
    return np.asarray(mean + x[:, None, None] * along_x + y[None, :, None] * along_y)


def principal_components(
    samples: FloatArray, shares: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the mean of samples (n, dim), and the first two of their principal components at most.

    `shares` (n,) are the weights of the samples, with a sum of 1. The components are the square roots of the
    eigenvalues of the covariance, the largest first, and the eigenvectors, one a row.
    """
    mean = (samples * shares[:, None]).sum(axis=0)
    # Scaled by the largest deviation, so that squares do not overflow.
    scale = (
        float(max(np.abs(samples.max(axis=0) - mean).max(), np.abs(samples.min(axis=0) - mean).max())) or 1.0
    )
    covariance = np.zeros((len(mean), len(mean)))
    for start in range(0, len(samples), _BLOCK):
        block = slice(start, start + _BLOCK)
        deviations = (samples[block] - mean) / scale
        covariance += (deviations * shares[block, None]).T @ deviations
    values, vectors = np.linalg.eigh(covariance)
    return mean, np.sqrt(np.maximum(values[:-3:-1], 0.0)) * scale, vectors.T[:-3:-1]


def _evenly(count: int) -> FloatArray:
    return np.linspace(-1.0, 1.0, count) if count > 1 else np.zeros(1)
