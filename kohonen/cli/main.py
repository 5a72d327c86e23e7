"""Entry point of the command ``kohonen``, and its exit codes.

====  ==========================================================================
0     success
1     failure: data or a file that cannot be used, a package that is missing
2     usage error: in a flag, a variable or the file of an experiment
130   interrupted by Ctrl-C (SIGINT); 143 by SIGTERM
====  ==========================================================================
"""

import os
import sys
from collections.abc import Sequence

import click

from kohonen import InvalidExperimentError, InvalidParameterError, KohonenError, __version__
from kohonen.cli.about import bench, info
from kohonen.cli.columns import look
from kohonen.cli.interrupts import Interrupted
from kohonen.cli.look import animate, predict, show
from kohonen.cli.pictures import compress_files, palette, texture
from kohonen.cli.train import resume, train

__all__ = ["command", "main", "run"]

#: Messages for packages that may be missing.
_EXTRAS = {
    "matplotlib": "annotated figures need matplotlib: pip install '.[viz]'",
    "yaml": "runs need PyYAML: install kohonen with pip, which installs it (the workbench's image has it)",
}


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="kohonen")
def command() -> None:
    """Train, view and use self-organizing maps.

    kohonen train EXPERIMENT.yaml trains the map that a file describes, kohonen train TABLE.csv a map of a
    table, and kohonen look TABLE.csv shows how that would be read. Results are written to a folder; kohonen
    resume FOLDER continues an interrupted training. kohonen palette PICTURE and kohonen compress PICTURE read
    pictures.
    """


for _each in (look, train, resume, predict, show, animate, palette, compress_files, texture, bench, info):
    command.add_command(_each)


def main() -> None:
    """Run the command line, and end the process."""
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return the exit code; messages go to standard error."""
    try:
        done = command.main(arguments, prog_name="kohonen", standalone_mode=False)
        return done if isinstance(done, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted", 130)
    except Interrupted as interrupted:
        return _fail(str(interrupted), interrupted.exit_code)
    except (InvalidParameterError, InvalidExperimentError) as error:
        return _fail(str(error), 2)
    except BrokenPipeError:
        # The reader has closed the pipe. The interpreter must not flush the rest to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ModuleNotFoundError as error:
        return _fail(
            _EXTRAS.get(error.name or "", f"{error}: install kohonen with pip, which installs it"), 1
        )
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error), 1)
    except (KohonenError, MemoryError) as error:
        return _fail(str(error) or type(error).__name__, 1)


def _fail(text: str, code: int) -> int:
    click.echo(f"kohonen: {text}", err=True)
    return code
