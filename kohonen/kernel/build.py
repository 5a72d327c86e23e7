"""Compile the kernel: the one place that knows how.

It runs before anything is installed, so it needs nothing but Python and a C compiler:

    python kohonen/kernel/build.py                                  in place, for this machine
    python kohonen/kernel/build.py --compiler "python -m ziglang cc -target aarch64-linux-gnu.2.28" \
        --machine aarch64 --output libkohonen.so                      for another one
"""

import argparse
import os
import platform
import runpy
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

__all__ = ["FLAGS", "FOLDER", "LIBRARY", "compile_kernel", "main"]

FOLDER = Path(__file__).resolve().parent

#: The library, beside this file when it is compiled in place; the package looks for it under this name.
LIBRARY = "libkohonen.so"

# Without -ffp-contract=off multiplications and additions are fused, and results differ between processors.
FLAGS = [
    "-std=gnu11",
    "-O3",
    "-fPIC",
    "-fvisibility=hidden",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-Wall",
    "-Wextra",
]

#: Sources with flags of their own, of a machine; the others are compiled for the machine's baseline.
COMMON: dict[str, list[str]] = {"tiles.c": [], "sort.c": [], "online.c": [], "cpu.c": [], "baseline.c": []}
VARIANTS: dict[str, dict[str, list[str]]] = {
    "x86_64": {
        "avx2.c": ["-mavx2", "-mbmi"],
        "avx512.c": [
            "-mavx2", "-mbmi", "-mavx512f", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512",
        ],
    },
}  # fmt: skip


def compile_kernel(
    output: Path,
    *,
    compiler: str | None = None,
    machine: str | None = None,
    flags: Sequence[str] = (),
    program: Path | None = None,
) -> None:
    """Compile the kernel into a shared library, or into a program.

    Parameters
    ----------
    output : Path
        The library to write.
    compiler : str, optional
        The command, with options if need be; ``$CC``, or ``cc``, when None.
    machine : str, optional
        What it compiles for, as `platform.machine` has it; this machine when None.
    flags : sequence of str, optional
        More flags, for compiling and linking alike.
    program : Path, optional
        A C file with a ``main``: the kernel becomes part of that program.

    Raises
    ------
    OSError, subprocess.CalledProcessError
        When there is no compiler, or when it fails.
    """
    command = shlex.split(compiler or os.environ.get("CC") or "cc")
    # No import: as a program this is no part of a package.
    version = runpy.run_path(str(FOLDER / "sources.py"))["digest"](FOLDER)
    own_flags = [*FLAGS, f'-DKOHONEN_SOURCES="{version}"']
    known = COMMON | VARIANTS.get(machine or platform.machine(), {})
    sources = {FOLDER / name: own for name, own in known.items()}
    if program:
        sources[program] = [f"-I{FOLDER}"]
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        for source, own in sources.items():
            objects.append(str(Path(folder) / source.name) + ".o")
            subprocess.run(
                [*command, *own_flags, *own, *flags, "-c", str(source), "-o", objects[-1]], check=True
            )
        # Beside its place and then into it, so that nobody loads half a library.
        fresh = output.with_name(f"{output.name}.{os.getpid()}")
        shared = [] if program else ["-shared"]
        subprocess.run([*command, *shared, *flags, *objects, "-lm", "-o", str(fresh)], check=True)
        fresh.replace(output)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile as the command line says; 1 when that fails."""
    parser = argparse.ArgumentParser(description="Compile the kernel.")
    parser.add_argument("--output", type=Path, default=FOLDER / LIBRARY)
    parser.add_argument("--compiler", help="the command; $CC or cc when not given")
    parser.add_argument(
        "--machine", help="what it compiles for, such as aarch64; this machine when not given"
    )
    parser.add_argument("--program", type=Path, help="a C file with a main: make a program and no library")
    parser.add_argument("flags", nargs="*", help="more flags, behind --")
    given = parser.parse_args(arguments)
    try:
        compile_kernel(
            given.output,
            compiler=given.compiler,
            machine=given.machine,
            flags=given.flags,
            program=given.program,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"the kernel was not compiled: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
