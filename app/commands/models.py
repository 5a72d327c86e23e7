"""``python -m app models``: lists, shows, adds and removes the models of a store."""

import argparse
import asyncio
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path

from app.api.schemas.training import TrainingBody
from app.deployment import open_gate, open_models
from app.errors import ServiceError
from app.models.imports import add_archive, add_run
from app.models.maintenance import prune, repair
from app.models.references import FORMS, NAME_RULE, is_name
from app.models.registry import Models, Stored
from app.settings import Settings
from app.storage.port import StorageError
from app.training.service import Outcome, TrainingService
from kohonen import KohonenError
from kohonen.analysis.metrics import METRICS

__all__ = ["add_parser", "run"]

#: Models per page.
PAGE = 100


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the parser of the command."""
    parser = commands.add_parser("models", help="list, show, add, remove and prune the models in SOM_STORE")
    parser.add_argument("--store", help="use another store")
    actions = parser.add_subparsers(dest="action", required=True)

    listing = actions.add_parser("list", help="list models, newest first")
    listing.add_argument("--name", type=_name, help="only the revisions of this name")
    listing.add_argument("--sort", choices=list(METRICS), help="sort by a metric, best first")
    listing.add_argument("--max", type=int, default=20, help="maximum number of models (default: 20)")
    listing.set_defaults(do=_list)

    show = actions.add_parser("show", help="show the card of a model")
    show.add_argument("ref", help=FORMS)
    show.set_defaults(do=_show)

    add = actions.add_parser(
        "add", help="add a model: a request (.json), a download (.npz) or a run's folder"
    )
    add.add_argument(
        "file",
        type=Path,
        help="a body of POST /train, a download in the format npz, or the folder of a run (kohonen train)",
    )
    add.add_argument("--name", type=_name, help="add the model as a revision of this name")
    add.set_defaults(do=_add)

    remove = actions.add_parser("remove", help="remove a model")
    remove.add_argument("ref", help="an id or name@3")
    remove.set_defaults(do=_remove)

    pruning = actions.add_parser("prune", help="remove old models without a name")
    pruning.add_argument("--days", type=float, help="minimum age in days (default: SOM_UNNAMED_DAYS)")
    pruning.add_argument("--dry-run", action="store_true", help="list them without removing them")
    pruning.set_defaults(do=_prune)

    repairing = actions.add_parser("repair", help="restore index entries that are missing after crashes")
    repairing.set_defaults(do=_repair)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run the command, and return the exit code."""
    if arguments.store is not None:
        settings = settings.model_copy(update={"store": arguments.store})
    do: Callable[[argparse.Namespace, Models, Settings], None] = arguments.do
    try:
        do(arguments, open_models(settings), settings)
    except (ServiceError, StorageError, KohonenError, ValueError, OSError) as error:
        sys.stderr.write(f"models {arguments.action}: {error}\n")
        return 1
    return 0


def _list(arguments: argparse.Namespace, models: Models, settings: Settings) -> None:
    order = None if arguments.sort is None else METRICS[arguments.sort]
    cursor, left = None, arguments.max
    while left > 0:
        page = models.listing.page(size=min(left, PAGE), cursor=cursor, name=arguments.name, order=order)
        for one in page.models:
            entry = one.entry
            shape = "x".join(map(str, entry.shape))
            error = entry.quality["quantization_error"]
            revision = "" if one.number is None else f"  {arguments.name}@{one.number}"
            _print(f"{entry.id}  {entry.created_at:%Y-%m-%d %H:%M:%S}  {shape:>12}  {error:.6g}{revision}")
        cursor, left = page.cursor, left - PAGE
        if cursor is None:
            return


def _show(arguments: argparse.Namespace, models: Models, settings: Settings) -> None:
    card = models.resolve(arguments.ref)
    revisions = [str(revision) for revision in models.names.revisions(card.id)]
    _print(json.dumps({**card.to_dict(), "revisions": revisions}, indent=2))


def _add(arguments: argparse.Namespace, models: Models, settings: Settings) -> None:
    stored: Stored | Outcome
    if arguments.file.is_dir():
        stored = add_run(models, arguments.file, most_weights=settings.max_weights, name=arguments.name)
    elif arguments.file.suffix == ".npz":
        with arguments.file.open("rb") as file:
            stored = add_archive(models, file, most_weights=settings.max_weights, name=arguments.name)
    else:
        body = TrainingBody.model_validate_json(arguments.file.read_bytes())
        if arguments.name is not None:
            body = body.model_copy(update={"name": arguments.name})
        request = body.training_request(settings)
        service = TrainingService(models, settings, open_gate(settings))
        # No client waits, so there is no deadline.
        stored = asyncio.run(service.train(request, deadline=math.inf))
    revision = "" if stored.revision is None else f"  {stored.revision}"
    _print(f"{stored.card.id}  {'added' if stored.created else 'exists'}{revision}")


def _remove(arguments: argparse.Namespace, models: Models, settings: Settings) -> None:
    model_id = models.removable_id(arguments.ref)
    models.delete(model_id)
    _print(f"{model_id}  removed")


def _prune(arguments: argparse.Namespace, models: Models, settings: Settings) -> None:
    days = settings.unnamed_days if arguments.days is None else arguments.days
    if days is None:
        raise ValueError("the age of the models to remove is missing: use --days, or set SOM_UNNAMED_DAYS")
    action = "would be removed" if arguments.dry_run else "removed"
    for entry in prune(models, days=days, dry=arguments.dry_run):
        _print(f"{entry.id}  {entry.created_at:%Y-%m-%d}  {action}")


def _repair(arguments: argparse.Namespace, models: Models, settings: Settings) -> None:
    for repaired in repair(models):
        _print(f"{repaired.id}  {repaired.what}")


def _name(text: str) -> str:
    if not is_name(text):
        raise argparse.ArgumentTypeError(NAME_RULE)
    return text


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
