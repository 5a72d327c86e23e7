"""Compiles the kernel.

It runs before the package is installed, so it needs only Python and a C compiler:

    python kohonen/kernel/build.py                                  in place, for this machine
    python kohonen/kernel/build.py --compiler "python -m ziglang cc -target aarch64-linux-gnu.2.28" \
        --machine aarch64 --output libkohonen.so                      for another machine

The machine "wasm32" is WebAssembly, for pages; `make wasm` compiles it.
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

#: Name under which the package loads the library, from this folder.
LIBRARY = "libkohonen.so"

# Without -ffp-contract=off compilers fuse multiplications and additions, and results differ by processor.
FLAGS = [
    "-std=gnu11",
    "-O3",
    "-fvisibility=hidden",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-Wall",
    "-Wextra",
]

#: Sources compiled for the machine's baseline, and those of each machine with additional flags.
COMMON: dict[str, list[str]] = {
    name: []
    for name in (
        "arithmetic.c", "random.c", "tiles.c", "sort.c", "search.c", "online.c", "sums.c", "numbers.c",
        "pictures.c", "cpu.c", "baseline.c",
    )
}  # fmt: skip
VARIANTS: dict[str, dict[str, list[str]]] = {
    "x86_64": {
        "avx2.c": ["-mavx2", "-mfma", "-mbmi"],
        "avx512.c": [
            "-mavx2", "-mbmi", "-mavx512f", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512",
        ],
    },
}  # fmt: skip

#: Sources of WebAssembly: without tables, and small, but for the loops over vectors, which are unrolled.
WASM: dict[str, list[str]] = {
    name: ["-msimd128", "-Os", "-mllvm", "-unroll-threshold=400"]
    for name in [*COMMON, "views.c"]
    if name != "numbers.c"
}
#: What WebAssembly exports: the functions of kernel.h, and memory.
LINK_WASM = [
    "-mexec-model=reactor", "-Wl,--export-dynamic,--export=malloc,--export=free,--strip-all",
    "-Wl,-z,stack-size=524288",
]  # fmt: skip


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
        The compiler's command, with options; ``$CC`` or ``cc`` if None.
    machine : str, optional
        The target, as named by `platform.machine`; this machine if None.
    flags : sequence of str, optional
        Additional flags for compiling and linking.
    program : Path, optional
        A C file with a ``main``: links a program instead of a shared library.

    Raises
    ------
    OSError, subprocess.CalledProcessError
        If the compiler is missing or fails.
    """
    command = shlex.split(compiler or os.environ.get("CC") or "cc")
    # Not imported, since this file also runs as a script.
    version = runpy.run_path(str(FOLDER / "sources.py"))["digest"](FOLDER)
    machine = machine or platform.machine()
    known = WASM if machine == "wasm32" else COMMON | VARIANTS.get(machine, {})
    own_flags = [*FLAGS, f'-DKOHONEN_SOURCES="{version}"']
    if machine == "wasm32":
        linking = LINK_WASM
    else:
        own_flags.append("-fPIC")
        linking = ["-lm"] if program else ["-shared", "-lm"]
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
        # Renamed when complete, so that no process loads an incomplete library.
        fresh = output.with_name(f"{output.name}.{os.getpid()}")
        subprocess.run([*command, *flags, *objects, *linking, "-o", str(fresh)], check=True)
        fresh.replace(output)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 if compiling fails."""
    parser = argparse.ArgumentParser(description="Compile the kernel.")
    parser.add_argument("--output", type=Path, default=FOLDER / LIBRARY)
    parser.add_argument("--compiler", help="compiler command; $CC or cc by default")
    parser.add_argument("--machine", help="target machine, such as aarch64; this machine by default")
    parser.add_argument("--program", type=Path, help="C file with a main: link a program, not a library")
    parser.add_argument("flags", nargs="*", help="additional flags, after --")
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
