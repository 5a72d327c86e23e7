"""Requests to train a map, as values."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from app.models import Lineage
from kohonen import Parameters, Preparation
from kohonen.animation.moments import Moments
from kohonen.identity import child_id, fingerprint, model_id
from kohonen.inputs.annotations import Annotations
from kohonen.inputs.arrays import Dataset, FloatArray
from kohonen.inputs.looks import Look

__all__ = ["Start", "TrainingRequest"]


class Start(NamedTuple):
    """The weights (width, height, dim) that a training continues from, and the range in the schedule."""

    weights: FloatArray
    lineage: Lineage


@dataclass(frozen=True)
class TrainingRequest:
    """A request to train a map.

    Attributes
    ----------
    samples : ndarray of shape (n, dim)
        The samples.
    parameters : Parameters
        The parameters, with a seed.
    persist, keep_data : bool
        Whether the model is stored, and the samples with it.
    field : str
        The field of the HTTP request that contained the samples.
    name : str or None
        The name that the model becomes a revision of.
    start : Start or None
        The model that the training continues from.
    frames : Moments or None
        When to capture the frames of an animation. They are not stored with the model, so a stored model is
        trained again for them.
    preparation : Preparation or None
        How a table was converted to the samples; None for other data.
    sample_weight : ndarray of shape (n,) or None
        The weights of the samples.
    annotations : Annotations or None
        The labels and ids of the rows of the table.
    look : Look or None
        What the columns of the table are.
    """

    samples: FloatArray
    parameters: Parameters
    persist: bool = True
    keep_data: bool = True
    field: str = "data"
    name: str | None = None
    start: Start | None = None
    frames: Moments | None = None
    preparation: Preparation | None = None
    sample_weight: FloatArray | None = None
    annotations: Annotations | None = None
    look: Look | None = None

    def __post_init__(self) -> None:
        self.parameters.check_weighting(self.sample_weight)

    @cached_property
    def id(self) -> str:
        """The id of the trained model."""
        data = fingerprint(self.samples)
        weight = None if self.sample_weight is None else fingerprint(self.sample_weight)
        kept = self.data.annotations
        annotations = None if kept is None else kept.fingerprint
        if self.start is None:
            table = None if self.preparation is None else self.preparation.transformation
            return model_id(
                data,
                self.parameters,
                sample_weight=weight,
                preparation=table,
                annotations=annotations,
            )
        return child_id(
            self.start.lineage.parent,
            data,
            self.parameters,
            first_iteration=self.first_iteration,
            last_iteration=self.last_iteration,
            sample_weight=weight,
            annotations=annotations,
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """The width, the height and the dimension of the map."""
        return self.parameters.width, self.parameters.height, self.samples.shape[1]

    @property
    def data(self) -> Dataset:
        """The samples, their weights and, where the data are to be kept, their annotations."""
        return Dataset(self.samples, self.sample_weight, self.annotations if self.keep_data else None)

    @property
    def may_be_job(self) -> bool:
        """Whether a job can train it: jobs store their model, and start from the first iteration."""
        return self.persist and self.start is None

    @property
    def first_iteration(self) -> int:
        """The iteration of the schedule at which the training begins."""
        return 0 if self.start is None else self.start.lineage.first_iteration

    @property
    def last_iteration(self) -> int:
        """The iteration of the schedule at which the training ends."""
        return self.parameters.iterations if self.start is None else self.start.lineage.last_iteration

    @property
    def iterations(self) -> int:
        """The number of iterations."""
        return self.last_iteration - self.first_iteration
