"""Metrics by which models are compared, and which value of each is the best."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["METRICS", "Metric"]


class Metric(NamedTuple):
    """A measure of models.

    Attributes
    ----------
    name : str
        What the card calls it.
    ascending : bool
        Whether the smallest is the best.
    """

    name: str
    ascending: bool

    @property
    def order(self) -> str:
        """The name of the order with the best first."""
        return f"{self.name}-{'ascending' if self.ascending else 'descending'}"


#: By name, in the order in which the index of stored models has them: it is part of the keys.
METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            Metric("quantization_error", ascending=True),
            Metric("topographic_error", ascending=True),
            Metric("explained_variance", ascending=False),
            Metric("unused_units", ascending=True),
        )
    }
)
