"""Builds the package, with the compiled kernel if there is a C compiler.

The kernel is a plain shared library that does not use Python's API, so a wheel is for one platform and any
Python 3.
"""

import os
import runpy
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

BUILD = runpy.run_path(str(Path(__file__).with_name("kohonen") / "kernel" / "build.py"))

#: For other machines (make wheels): a precompiled library, and the wheel's platform tag.
COMPILED = os.environ.get("KOHONEN_KERNEL")
PLATFORM = os.environ.get("KOHONEN_PLATFORM")


class BuildWithKernel(build_py):
    """Copies the modules, and compiles the kernel into the package."""

    def run(self) -> None:
        """Build the package; without a working compiler, the kernel is left out."""
        super().run()
        folder = Path(__file__).parent if self.editable_mode else Path(self.build_lib)
        library = folder / "kohonen" / "kernel" / BUILD["LIBRARY"]
        if COMPILED:
            library.write_bytes(Path(COMPILED).read_bytes())
            return
        try:
            BUILD["compile_kernel"](library)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.stderr.write(f"kohonen is built without its kernel and will use NumPy instead: {error}\n")
            # Remove a library of an earlier build.
            library.unlink(missing_ok=True)


class PlatformDistribution(Distribution):
    """A package with a shared library, but without extension modules."""

    def has_ext_modules(self) -> bool:
        """Return True, so that the package is installed as platform-specific."""
        return True


class PlatformWheel(bdist_wheel):
    """A wheel for one platform and any Python 3."""

    def get_tag(self) -> tuple[str, str, str]:
        """Return the wheel's tags: Python, ABI and platform."""
        return "py3", "none", PLATFORM or super().get_tag()[2]


setup(
    distclass=PlatformDistribution,
    cmdclass={"build_py": BuildWithKernel, "bdist_wheel": PlatformWheel},
)
