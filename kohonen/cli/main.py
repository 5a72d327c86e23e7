"""From what is typed to an exit code.

====  ==========================================================================
0     done
1     it failed: data or a file that cannot be used, a package that is missing
2     it was not understood: a flag, a variable, an experiment's file
130   interrupted by Ctrl-C, 143 by a request to end (SIGTERM)
====  ==========================================================================
"""

import os
import sys
from collections.abc import Sequence

import click

from kohonen import InvalidExperimentError, InvalidParameterError, KohonenError, __version__
from kohonen.cli.about import bench, info
from kohonen.cli.interrupts import Interrupted
from kohonen.cli.look import animate, predict, show
from kohonen.cli.train import resume, train

__all__ = ["command", "main", "run"]

#: What brings a package that may be missing.
_EXTRAS = {
    "matplotlib": "annotated figures need matplotlib: pip install '.[viz]'",
    "yaml": "runs need PyYAML: install kohonen with pip, which brings it (the workbench's image has it)",
}


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="kohonen")
def command() -> None:
    """Self-organizing maps: train, look, predict.

    kohonen train EXPERIMENT.yaml trains the map that a file describes, kohonen train --csv TABLE.csv that of
    a table. Each training has a folder, in which kohonen resume goes on with it when it was interrupted.
    """


for _each in (train, resume, predict, show, animate, bench, info):
    command.add_command(_each)


def main() -> None:
    """Do what the command line says, and end the process."""
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says, and return the exit code; messages go to standard error."""
    try:
        done = command.main(arguments, prog_name="kohonen", standalone_mode=False)
        return done if isinstance(done, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted", 130)
    except Interrupted as interrupted:
        return _say(str(interrupted), interrupted.exit_code)
    except (InvalidParameterError, InvalidExperimentError) as error:
        return _say(str(error), 2)
    except BrokenPipeError:
        # Whoever reads us has gone; nor may the interpreter try to write what is left as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ModuleNotFoundError as error:
        return _say(_EXTRAS.get(error.name or "", f"{error}: install kohonen with pip, which brings it"), 1)
    except OSError as error:
        return _say(f"{error.filename}: {error.strerror}" if error.filename else str(error), 1)
    except (KohonenError, MemoryError) as error:
        return _say(str(error) or type(error).__name__, 1)


def _say(text: str, code: int) -> int:
    click.echo(f"kohonen: {text}", err=True)
    return code
