"""The processor time of a start, in proportion to that of its largest imports alone.

Unlike seconds, it hardly depends on what else the machine does: other work can only add to it, so the least
of many is what counts.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping

from benchmarks.cold_start.handlers import IMPORTS

__all__ = ["MOST", "RUNS", "line", "of_this_machine"]

RUNS = 15
#: How many times the processor time of its imports alone a start should take. It takes 1.16 to 1.25.
MOST = 1.3

#: Prints the processor times of fresh processes, in milliseconds, each of which imports something.
_IN_TURN = """
import json, os, sys

def milliseconds(code):
    code += "; import os; os._exit(0)"  # no function of Lambda's ever takes down all that it has imported
    process = os.posix_spawn(sys.executable, [sys.executable, "-c", code], os.environ)
    _, status, used = os.wait4(process, 0)
    assert status == 0
    return 1000 * (used.ru_utime + used.ru_stime)

runs, *codes = sys.argv[1:]
print(json.dumps([[milliseconds(code) for code in codes] for _ in range(int(runs))]))
"""
#: Threads of NumPy's that wait for work by asking for it all the time would be counted, too.
VARIABLES = {"OPENBLAS_NUM_THREADS": "1"}


def line(run: Callable[[list[str]], str]) -> str:
    """Measure, and return the figures as a line.

    Parameters
    ----------
    run : callable
        Runs Python with some arguments and the `VARIABLES`, and returns what it prints.
    """
    printed = run(["-c", _IN_TURN, str(RUNS), "import app.aws.api", IMPORTS])
    service, imports = (min(each) for each in zip(*json.loads(printed), strict=True))
    times = service / imports
    verdict = "" if times <= MOST else f"; more than the {MOST} that it should take"
    return (
        f"The processor time of a start is {service:.0f} ms: {times:.2f} times the {imports:.0f} ms of its "
        f"imports alone{verdict}."
    )


def of_this_machine(variables: Mapping[str, str]) -> str:
    """Return the line for this machine's Python, with some variables in its environment."""

    def run(arguments: list[str]) -> str:
        environment = {**os.environ, **variables, **VARIABLES}
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout

    return line(run)
