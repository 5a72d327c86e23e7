"""Runs the benchmarks and writes the report: ``make bench``, or ``make bench ARGS="A growth"`` for parts.

``make bench ARGS=colour`` compares palettes instead, on all cores.
"""

import os
import sys
from pathlib import Path

# The benchmarks measure one thread; NumPy reads these when it is imported.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

from benchmarks.machine import Machine  # noqa: E402
from benchmarks.report import Report  # noqa: E402
from benchmarks.workloads import on_one_core  # noqa: E402


def main() -> int:
    """Run the parts named on the command line, or all and write the report to docs."""
    if sys.argv[1:] == ["colour"]:
        from benchmarks import colour

        return colour.main()
    on_one_core()
    report = Report(Machine(), sys.stdout)
    wanted = sys.argv[1:]
    report.run(wanted)
    if not wanted:
        report.write(Path("docs"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
