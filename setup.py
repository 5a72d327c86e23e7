"""What pyproject.toml cannot say: the kernel is compiled where a C compiler is, and left out where none is.

The kernel is a plain shared library that knows nothing of Python, so a wheel is for a platform but for every
Python 3; without the kernel it is for every platform, too.
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

#: For other machines (make wheels): a library that is compiled already, and the wheel's platform.
COMPILED = os.environ.get("KOHONEN_KERNEL")
PLATFORM = os.environ.get("KOHONEN_PLATFORM")


class BuildWithKernel(build_py):
    """Copies the modules, and puts the kernel beside them."""

    def run(self) -> None:
        """Build; without a working compiler NumPy will serve, and that is no error."""
        super().run()
        folder = Path(__file__).parent if self.editable_mode else Path(self.build_lib)
        library = folder / "kohonen" / "kernel" / BUILD["LIBRARY"]
        if COMPILED:
            library.write_bytes(Path(COMPILED).read_bytes())
            return
        try:
            BUILD["compile_kernel"](library)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.stderr.write(f"kohonen is built without its kernel, NumPy will serve: {error}\n")
            # A library from an earlier build must not end up in this one.
            library.unlink(missing_ok=True)


class PlatformDistribution(Distribution):
    """A package with a library in it, but without extension modules."""

    def has_ext_modules(self) -> bool:
        """Say yes, so that the library goes where platform-specific files go."""
        return True


class PlatformWheel(bdist_wheel):
    """A wheel for one platform and any Python 3."""

    def get_tag(self) -> tuple[str, str, str]:
        """Return the wheel's tag."""
        return "py3", "none", PLATFORM or super().get_tag()[2]


setup(
    distclass=PlatformDistribution,
    cmdclass={"build_py": BuildWithKernel, "bdist_wheel": PlatformWheel},
)
