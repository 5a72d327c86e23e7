"""``python -m app jobs``: prunes the jobs of a store."""

import argparse
import sys
from collections.abc import Callable

from app.deployment import open_watched
from app.jobs.maintenance import prune, sweep
from app.jobs.store import Jobs
from app.settings import Settings
from app.storage.port import StorageError

__all__ = ["add_parser", "run"]


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the parser of the command."""
    parser = commands.add_parser("jobs", help="prune the jobs in SOM_JOB_STORE, by default in SOM_STORE")
    parser.add_argument("--store", help="use another store")
    actions = parser.add_subparsers(dest="action", required=True)

    pruning = actions.add_parser("prune", help="remove jobs that ended long ago, and files left by crashes")
    pruning.add_argument("--days", type=float, help="days since their end (default: SOM_JOB_DAYS, 30)")
    pruning.add_argument("--dry-run", action="store_true", help="list them without removing them")
    pruning.set_defaults(do=_prune)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run the command, and return the exit code."""
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
    action = "would be removed" if arguments.dry_run else "removed"
    for pruned in prune(jobs, days=days, dry=arguments.dry_run):
        sys.stdout.write(f"{pruned.id}  {pruned.state or 'unreadable'}  {action}\n")
    for key in sweep(jobs, dry=arguments.dry_run):
        sys.stdout.write(f"{key}  {action}\n")
