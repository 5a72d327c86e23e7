"""Models that last: cards, weights and samples in a store, an index to list them by, and their names.

`keys` says where everything is, `card` what there is to say about a model, `files` what it is made of,
`index` and `listing` how models are listed, `names` and `references` how they are referred to. `Models` puts
these together.
"""

from app.models.card import StoredCard
from app.models.index import Entry
from app.models.references import Revision
from app.models.registry import Models, Stored
from kohonen.card import Card, Lineage

__all__ = ["Card", "Entry", "Lineage", "Models", "Revision", "Stored", "StoredCard"]
