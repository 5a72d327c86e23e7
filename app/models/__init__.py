"""The registry of trained models: cards, weights and samples in a store, an index, and names.

* `keys`: the layout of the store; `card`: the stored card; `downloads` and `imports`: their files,
* `reading`, `removal`, `registry`: `Models`, which reads, removes and stores models; `maintenance`: commands.
"""

from app.models.card import StoredCard
from app.models.index import Entry
from app.models.references import Revision
from app.models.registry import Models, Stored
from kohonen.card import Card, Lineage

__all__ = ["Card", "Entry", "Lineage", "Models", "Revision", "Stored", "StoredCard"]
