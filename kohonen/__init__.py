"""Self-organizing maps (Kohonen maps), trained exactly as the textbook defines them.

>>> from kohonen import SelfOrganizingMap
>>> som = SelfOrganizingMap(10, 10, iterations=100, random_state=7)
>>> som.fit([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]).predict([[0.9, 0.1, 0.0]]).shape
(1, 2)
"""

from kohonen.analysis.quality import Quality, assess
from kohonen.errors import (
    InvalidColourError,
    InvalidDataError,
    InvalidExperimentError,
    InvalidParameterError,
    InvalidPictureError,
    InvalidTableError,
    KohonenError,
    NotFittedError,
    RunError,
)
from kohonen.inputs.preparation import Preparation
from kohonen.inputs.tables import read_columns, read_csv, read_excel
from kohonen.parameters import Parameters
from kohonen.som import SelfOrganizingMap
from kohonen.training import Observer, TrainedMap, Training, train

__all__ = [
    "InvalidColourError",
    "InvalidDataError",
    "InvalidExperimentError",
    "InvalidParameterError",
    "InvalidPictureError",
    "InvalidTableError",
    "KohonenError",
    "NotFittedError",
    "Observer",
    "Parameters",
    "Preparation",
    "Quality",
    "RunError",
    "SelfOrganizingMap",
    "TrainedMap",
    "Training",
    "__version__",
    "assess",
    "read_columns",
    "read_csv",
    "read_excel",
    "train",
]

__version__ = "0.1.0"
