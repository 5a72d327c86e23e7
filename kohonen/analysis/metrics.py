"""Metrics by which models are compared, with their direction."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["METRICS", "Metric"]


class Metric(NamedTuple):
    """A quality measure of models.

    Attributes
    ----------
    name : str
        Its name in the model card.
    ascending : bool
        Whether smaller values are better.
    """

    name: str
    ascending: bool

    @property
    def order(self) -> str:
        """The name of the order with the best first."""
        return f"{self.name}-{'ascending' if self.ascending else 'descending'}"


#: Metrics by name. The index of stored models uses this order in its keys.
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
