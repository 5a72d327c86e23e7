"""Clusters of a model's units and samples."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app.api.dependencies import AppSettings, ModelsOfStore
from app.api.models import NOT_MODIFIED, Ref
from app.api.schemas.models import Majority
from app.errors import FieldError, InvalidRequestError, OverLimitError
from app.models import Models, StoredCard
from app.runtime import costs
from app.schema import Schema
from app.web.caching import model_answer
from app.web.responses import JSON, bounded, problems
from kohonen.analysis.clusters import MOST_CLUSTERS, cluster_units
from kohonen.analysis.labels import Tally, UnitLabels, labels_of
from kohonen.analysis.profiles import ClusterCount, SampleClusters, cluster_samples, parse_count, profiles

__all__ = ["ClusterQuery", "router", "wanted_count"]

#: Estimated seconds of clustering a map.
MOST_SECONDS = 25.0

router = APIRouter(prefix="/models", tags=["models"])

#: Units whose labels are listed.
MOST_UNITS = 40_000

ClusterQuery = Annotated[
    str,
    Query(
        description="Number of clusters, or `auto`: from 2 to 8, by the Davies-Bouldin index.", max_length=8
    ),
]


class GroupLabels(Majority):
    """The labels of the rows of a cluster or of a unit."""

    counts: dict[str, int] = Field(description="The number of rows by label, the most frequent first.")


class ClusterProfile(Schema):
    """A cluster: its size, and statistics of its samples by component."""

    cluster: int = Field(description="Its number; the cluster with the most units is 0.")
    units: int
    samples: int | None
    centre: list[float | None] = Field(description="The mean weights of its units.")
    mean: list[float | None] | None
    least: list[float | None] | None
    most: list[float | None] | None
    distinction: list[float | None] | None = Field(
        description="Standard deviations by which its mean is above that of all samples."
    )
    labels: dict[str, GroupLabels] | None = Field(
        None, description="The labels of its rows, for each column of labels of the model's data."
    )


class SampleCluster(Schema):
    """The best matching unit of a sample, and its cluster."""

    bmu_x: int
    bmu_y: int
    distance: float
    cluster: int


class ClusterAnswer(Schema):
    """The clusters of a model's units and samples."""

    id: str
    components: list[str] | None = Field(
        description="Names of the components, for a model that was trained on a table; profiles are then in "
        "the units of the table."
    )
    k: int
    method: str = "ward"
    davies_bouldin: dict[int, float | None] = Field(
        description="The index for each number of clusters that was evaluated; the smallest index was chosen."
    )
    clusters: list[ClusterProfile]
    units: list[list[int]] = Field(description="The cluster of each unit, as `units[x][y]`.")
    samples: list[SampleCluster] | None = Field(description="In the order of the data.")
    ids: list[str | None] | None = Field(
        None, description="The id of the row of each sample, if the data have a column of ids."
    )
    unit_labels: dict[str, list[list[GroupLabels]]] | None = Field(
        None,
        description="For each column of labels of the model's data, the labels of each unit's rows, as "
        "`unit_labels[column][x][y]`; the majority of a unit without labelled rows is that of the nearest. "
        f"Null for more than {MOST_UNITS:,} units of all columns together.",
    )


@router.get(
    "/{ref}/clusters",
    summary="The cluster of each sample",
    operation_id="model_clusters",
    response_model=ClusterAnswer,
    responses={**NOT_MODIFIED, **problems(404, 409, 422, 500, 503)},
)
def model_clusters(
    request: Request,
    ref: Ref,
    models: ModelsOfStore,
    settings: AppSettings,
    k: ClusterQuery = "auto",
    samples: Annotated[
        bool, Query(description="Whether to return the clusters of the samples; needs the stored data.")
    ] = True,
) -> Response:
    """Cluster the units of a model by Ward's method. A sample is in the cluster of its best matching unit.

    Each cluster has a profile: statistics that distinguish its samples from all others. Where the data have
    labels, each cluster and each unit has theirs.
    """
    card = models.resolve(ref)
    count = wanted_count(k, card)

    def answer() -> Response:
        content = _clusters(models, card, count, samples).model_dump_json().encode()
        remedy = "use samples=false, or send the data to /predict in several requests"
        return Response(bounded(content, settings, remedy=remedy), media_type=JSON)

    cost = costs.clusters(
        card.weights.shape,
        count=MOST_CLUSTERS if count == "auto" else count,
        samples=card.data.samples if samples else 0,
    )
    return model_answer(request, ref, card, ["clusters", count, samples], answer, cost)


def wanted_count(text: str, card: StoredCard, pointer: str = "/k") -> ClusterCount:
    """Return the requested number of clusters.

    `InvalidRequestError` is raised if it is neither 'auto' nor an integer up to the number of units, and
    `OverLimitError` if it takes too long.
    """
    count, units = parse_count(text), card.weights.shape[0] * card.weights.shape[1]
    if count is None or (count != "auto" and not 1 <= count <= units):
        message = f"this must be 'auto', or an integer from 1 to the map's {units} units"
        raise InvalidRequestError([FieldError(pointer, message)])
    if count != "auto" and costs.clusters(card.weights.shape, count=count).seconds > MOST_SECONDS:
        raise OverLimitError(
            [FieldError(pointer, f"{count:,} clusters of this map take too long: use fewer")]
        )
    return count


def _clusters(models: Models, card: StoredCard, k: ClusterCount, with_samples: bool) -> ClusterAnswer:
    given = models.samples(card) if with_samples else None
    weights, annotations = models.weights(card), models.annotations(card)
    clusters = cluster_units(weights, k)
    found = None if given is None else cluster_samples(weights, given, clusters)
    labels = labels_of(weights, annotations)
    cluster_of = clusters.labels.ravel()
    tallies = {name: each.tally.grouped(cluster_of, clusters.count) for name, each in labels.items()}
    table = card.table
    answer = ClusterAnswer(
        id=card.id,
        components=None if table is None else list(table.components),
        k=clusters.count,
        davies_bouldin=dict(clusters.indices),
        clusters=[
            ClusterProfile(
                cluster=number,
                labels={name: _labels(each, number) for name, each in tallies.items()} or None,
                **one._asdict(),
            )
            for number, one in enumerate(profiles(clusters, given, found, table))
        ],
        units=clusters.labels.tolist(),
        samples=None if found is None else _samples(found),
    )
    if with_samples and annotations is not None:
        answer.ids = annotations.first_ids()
        if clusters.labels.size * len(labels) <= MOST_UNITS:
            answer.unit_labels = {name: _unit_labels(each) for name, each in labels.items()} or None
    return answer


def _samples(found: SampleClusters) -> list[SampleCluster]:
    columns = (found.units[:, 0], found.units[:, 1], found.distances, found.clusters)
    return [
        SampleCluster(bmu_x=x, bmu_y=y, distance=distance, cluster=cluster)
        for x, y, distance, cluster in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _labels(found: Tally, group: int) -> GroupLabels:
    """Return the labels of a cluster."""
    counts = found.of(group)
    share = float(found.share[group]) if counts else None
    return GroupLabels(majority=next(iter(counts), None), share=share, counts=counts)


def _unit_labels(labels: UnitLabels) -> list[list[GroupLabels]]:
    """Return the labels of units by column and row."""
    width, height, _ = labels.weights.shape
    units = [
        GroupLabels(majority=majority, share=share, counts=labels.tally.of(unit))
        for unit, (majority, share) in enumerate(zip(*labels.about(np.arange(width * height)), strict=True))
    ]
    return [units[x * height : (x + 1) * height] for x in range(width)]
