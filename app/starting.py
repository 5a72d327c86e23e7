"""The start of a process, imported before all else: what it costs is waited for by the first who calls.

Nothing of what is imported is garbage, and looking for some takes a tenth of the time that the imports take.
So the collector rests until `settle`.
"""

import gc
import sys

__all__ = ["settle"]

#: Seconds that a thread keeps the interpreter's lock while others wait. Python's own 5 ms are long for an
#: event loop, which waits for it several times for each request.
SWITCH_SECONDS = 0.001

gc.disable()


def settle() -> None:
    """Make the process one that answers: called once, when all is imported.

    What is there now stays. Looking through it for garbage would stop every thread for some 40 ms, whenever
    large requests make the collector look at everything.
    """
    gc.freeze()
    gc.enable()
    sys.setswitchinterval(SWITCH_SECONDS)
