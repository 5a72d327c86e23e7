import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kohonen import kernel as package
from kohonen.engines import (
    NativeBatch,
    NativeOnline,
    NumpyBatch,
    NumpyOnline,
    default_engine,
    describe_engine,
    engine_of_grid,
)
from kohonen.engines.search import by_bounds
from kohonen.geometry import Geometry
from kohonen.kernel import Kernel, address, build, kernel
from kohonen.schedule import Schedule

QUICKLY = ["-O1"]

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty folder from which the package loads its library during a test."""
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
    assert describe_engine() == "numpy (no compiled kernel)"
    with pytest.raises(RuntimeError, match="compile it"):
        NativeOnline(np.zeros((2, 2, 1)), np.zeros((1, 1)), Schedule(1, 1.0, 0.1))


def test_a_file_that_is_no_library_is_left_alone(library: Path, caplog: pytest.LogCaptureFixture) -> None:
    library.write_text("not a library")
    assert kernel() is None
    assert "ignored, and NumPy is used instead" in caplog.text


@needs_compiler
def test_another_library_is_left_alone(library: Path, tmp_path: Path) -> None:
    source = tmp_path / "other.c"
    source.write_text("int other(void) { return 1; }")
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(library)], check=True)
    with pytest.raises(OSError, match="is not the kernel"):
        Kernel(library)
    assert kernel() is None


@needs_compiler
def test_a_library_of_another_interface_is_left_alone(library: Path) -> None:
    build.compile_kernel(library, flags=["-DKOHONEN_INTERFACE=99", *QUICKLY])
    with pytest.raises(OSError, match="99, but 3 is required"):
        Kernel(library)
    assert kernel() is None
    assert default_engine() is NumpyOnline


@needs_compiler
def test_a_library_of_other_sources_is_left_alone(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    build.compile_kernel(library, flags=QUICKLY)
    folder = tmp_path / "kernel"
    shutil.copytree(build.FOLDER, folder)
    monkeypatch.setattr(package, "FOLDER", folder)
    assert kernel() is not None
    source = folder / "tiles.c"
    source.write_text(source.read_text() + "/* better */")
    kernel.cache_clear()
    assert kernel() is None
    assert "other sources" in caplog.text
    # As in a wheel or an image, which has no sources to compare with.
    for path in [*folder.glob("*.c"), *folder.glob("*.h")]:
        path.unlink()
    kernel.cache_clear()
    assert kernel() is not None


@needs_compiler
def test_compiles_for_this_machine(library: Path) -> None:
    build.compile_kernel(library, flags=QUICKLY)
    found = kernel()
    assert found is not None
    assert found.instruction_set in {"baseline", "avx2", "avx512"}
    assert default_engine() is NativeOnline
    assert describe_engine() == f"native ({found.instruction_set})"
    assert describe_engine(NativeOnline) == describe_engine()
    assert describe_engine(NumpyOnline) == "numpy"
    # The kernel searches other grids, too, so their batch training costs as little.
    search = engine_of_grid.__wrapped__("batch", Geometry("hexagonal")).cost.per_value
    assert search == NativeBatch.cost.per_value


def test_what_other_grids_cost_in_numpy(library: Path) -> None:
    assert not library.exists()
    search = engine_of_grid.__wrapped__("batch", Geometry("hexagonal")).cost.per_value
    assert search == NumpyBatch.cost.per_value


def test_only_contiguous_arrays_have_an_address() -> None:
    assert address(np.zeros(3)) != 0
    with pytest.raises(ValueError, match="contiguous"):
        address(np.zeros((4, 4))[:, 1])


def test_the_kernel_has_no_other_functions() -> None:
    found = kernel()
    if found is None:
        pytest.skip("there is no kernel")
    with pytest.raises(AttributeError):
        found.anything_else()


@needs_compiler
def test_short_memory_is_said(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build.compile_kernel(library, flags=QUICKLY)
    found = kernel()
    assert found is not None
    monkeypatch.setattr(found, "match", lambda *_: -1)
    with pytest.raises(MemoryError, match="not enough memory to search"):
        by_bounds(np.zeros((2, 2, 1)), np.zeros((1, 1)))
    monkeypatch.setattr(found, "tiles_open", lambda *_: None)
    with pytest.raises(MemoryError, match="not enough memory to search"):
        by_bounds(np.zeros((2, 2, 1)), np.zeros((1, 1)))
    monkeypatch.setattr(found, "online_open", lambda *_: None)
    with pytest.raises(MemoryError, match="not enough memory for this map"):
        NativeOnline(np.zeros((2, 2, 1)), np.zeros((1, 1)), Schedule(1, 1.0, 0.1))


@needs_compiler
def test_compiles_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["build.py", "--output", str(tmp_path / "made.so")])
    assert build.main() == 0
    assert Kernel(tmp_path / "made.so").level >= 0


def test_says_when_it_cannot_compile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "sys.argv", ["build.py", "--output", str(tmp_path / "made.so"), "--compiler", "no-cc"]
    )
    assert build.main() == 1
    assert "no-cc" in capsys.readouterr().err
    assert not (tmp_path / "made.so").exists()
