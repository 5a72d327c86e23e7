import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kohonen import kernel as package
from kohonen.engines import NativeOnline, NumpyOnline, default_engine
from kohonen.kernel import Kernel, address, build, kernel
from kohonen.schedule import Schedule

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Where the package looks for its library during a test: nothing is there yet."""
    path = tmp_path / "library.so"
    monkeypatch.setattr(package, "LIBRARY", str(path))
    kernel.cache_clear()
    yield path
    kernel.cache_clear()


def test_the_library_has_one_name() -> None:
    assert package.LIBRARY == build.LIBRARY


def test_without_the_library_numpy_serves(library: Path) -> None:
    assert kernel() is None
    assert default_engine() is NumpyOnline
    with pytest.raises(RuntimeError, match="compile it"):
        NativeOnline(np.zeros((2, 2, 1)), np.zeros((1, 1)), Schedule(1, 1.0, 0.1))


def test_a_file_that_is_no_library_is_left_alone(library: Path) -> None:
    library.write_text("not a library")
    assert kernel() is None


@needs_compiler
def test_another_library_is_left_alone(library: Path, tmp_path: Path) -> None:
    source = tmp_path / "other.c"
    source.write_text("int other(void) { return 1; }")
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(library)], check=True)
    with pytest.raises(OSError, match="is not the kernel"):
        Kernel(library)
    assert kernel() is None


@needs_compiler
@pytest.mark.parametrize(
    ("change", "complaint"), [("-DKOHONEN_INTERFACE=99", "99 and not 1"), ("-Dexp=cosh", "exponential")]
)
def test_a_library_that_does_something_else_is_left_alone(library: Path, change: str, complaint: str) -> None:
    build.compile_kernel(library, flags=[change])
    with pytest.raises(OSError, match=complaint):
        Kernel(library)
    assert kernel() is None
    assert default_engine() is NumpyOnline


@needs_compiler
def test_compiles_for_this_machine(library: Path) -> None:
    build.compile_kernel(library)
    found = kernel()
    assert found is not None
    assert found.instruction_set in {"baseline", "avx2", "avx512"}
    assert default_engine() is NativeOnline


def test_only_contiguous_arrays_have_an_address() -> None:
    assert address(np.zeros(3)) != 0
    with pytest.raises(ValueError, match="contiguous"):
        address(np.zeros((4, 4))[:, 1])
