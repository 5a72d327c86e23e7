"""``python -m app jobs``: the jobs of a store from the command line."""

import argparse
import sys
from collections.abc import Callable

from app.deployment import open_watched
from app.jobs.jobs import Jobs
from app.jobs.maintenance import prune, sweep
from app.settings import Settings
from app.storage.port import StorageError

__all__ = ["add_parser", "run"]


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command."""
    parser = commands.add_parser("jobs", help="prune the jobs of SOM_JOB_STORE, or else of SOM_STORE")
    parser.add_argument("--store", help="another store")
    actions = parser.add_subparsers(dest="action", required=True)

    pruning = actions.add_parser(
        "prune", help="remove jobs that ended long ago, and files that crashes have left"
    )
    pruning.add_argument("--days", type=float, help="how long ago; by default what SOM_JOB_DAYS says (30)")
    pruning.add_argument("--dry-run", action="store_true", help="say which, and remove nothing")
    pruning.set_defaults(do=_prune)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do what the command line says, and return the exit code."""
    do: Callable[[argparse.Namespace, Jobs, Settings], None] = arguments.do
    try:
        url = arguments.store or settings.job_store or settings.store
        do(arguments, Jobs(open_watched(url, settings)), settings)
    except (StorageError, ValueError) as error:
        sys.stderr.write(f"jobs {arguments.action}: {error}\n")
        return 1
    return 0


def _prune(arguments: argparse.Namespace, jobs: Jobs, settings: Settings) -> None:
    days = settings.job_days if arguments.days is None else arguments.days
    what = "would go" if arguments.dry_run else "removed"
    for pruned in prune(jobs, days=days, dry=arguments.dry_run):
        sys.stdout.write(f"{pruned.id}  {pruned.state or 'not readable'}  {what}\n")
    for key in sweep(jobs, dry=arguments.dry_run):
        sys.stdout.write(f"{key}  {what}\n")
