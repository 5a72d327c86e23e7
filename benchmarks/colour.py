"""Compares palettes with those of other packages: ``python -m benchmarks colour``.

Prints, for each number of colours, the means over pictures of the PSNR, the mean CIEDE2000 difference and,
where scikit-image is installed, the structural similarity, and the median time as a multiple of kohonen's
with ``space="rgb"``. Contenders take turns on each picture. The pictures are shipped by packages, and were
not used to choose the parameters of `kohonen.colour`. Packages that are not installed are left out.
"""

import importlib.util
import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from kohonen.colour.compression import compress
from kohonen.colour.differences import ciede2000, lab_of_pixels
from kohonen.colour.pixels import Pixels

__all__ = ["main"]

Contender = Callable[[Pixels, int], Pixels]

COUNTS = (8, 16, 64, 256)
#: The longest side of a picture, and runs of each contender on each.
SIDE, RUNS = 741, 3
#: Pictures by package.
PICTURES = {
    "skimage": [
        "data/chelsea.png", "data/hubble_deep_field.jpg", "data/rocket.jpg", "data/retina.jpg",
        "data/motorcycle_left.png",
    ],
    "matplotlib": ["mpl-data/sample_data/grace_hopper.jpg"],
    "gradio": [
        f"media_assets/images/{name}"
        for name in ("cheetah.jpg", "cheetah1.jpg", "lion.jpg", "tower.jpg", "groot.jpeg")
    ],
}  # fmt: skip


def pictures() -> Iterator[tuple[str, Pixels]]:
    """Yield the names and the pixels of the pictures that are installed."""
    for package, names in PICTURES.items():
        found = importlib.util.find_spec(package)
        if found is None or found.origin is None:
            continue
        for path in (Path(found.origin).parent / name for name in names):
            if path.exists():
                image = Image.open(path).convert("RGB")
                image.thumbnail((SIDE, SIDE))
                yield path.stem, np.asarray(image)


def contenders() -> dict[str, Contender]:
    """Return the contenders that are installed."""
    found: dict[str, Contender] = {
        "kohonen rgb": lambda pixels, count: compress(pixels, count, space="rgb").pixels,
        "kohonen oklab": lambda pixels, count: compress(pixels, count).pixels,
    }
    for name, method in (("median cut", 0), ("max coverage", 1), ("octree", 2)):
        found[f"Pillow {name}"] = partial(_by_pillow, method)
    if importlib.util.find_spec("sklearn"):
        found["KMeans"] = k_means
    others = {"libimagequant": libimagequant, "imagequant": imagequant}
    found |= {package: use for package, use in others.items() if importlib.util.find_spec(package)}
    beside = Path(sys.executable).with_name("pngquant")
    if program := shutil.which("pngquant") or (str(beside) if beside.exists() else None):
        found["pngquant"] = lambda pixels, count: pngquant(program, pixels, count)
    return found


def k_means(pixels: Pixels, count: int, seed: int = 0) -> Pixels:
    """Train scikit-learn's KMeans on 20,000 random pixels, as in its example."""
    from sklearn.cluster import KMeans

    flat = pixels.reshape(-1, 3) / 255
    chosen = np.random.default_rng(seed).choice(len(flat), 20_000)
    model = KMeans(count, n_init=1, random_state=seed).fit(flat[chosen])
    palette = np.rint(model.cluster_centers_ * 255).astype(np.uint8)
    made: Pixels = palette[model.predict(flat)].reshape(pixels.shape)
    return made


def libimagequant(pixels: Pixels, count: int) -> Pixels:
    """Use libimagequant without dithering."""
    import libimagequant as liq

    attributes = liq.Attr()
    attributes.max_colors = count
    height, width, _ = pixels.shape
    image = attributes.create_rgba(_rgba(pixels), width, height, 0)
    result = image.quantize(attributes)
    result.dithering_level = 0.0
    indices = np.frombuffer(bytes(result.remap_image(image)), dtype=np.uint8)
    palette = np.array([(c.r, c.g, c.b) for c in result.get_palette()], dtype=np.uint8)
    return palette[indices].reshape(pixels.shape)


def imagequant(pixels: Pixels, count: int) -> Pixels:
    """Use imagequant without dithering."""
    import imagequant as package

    height, width, _ = pixels.shape
    indices, palette = package.quantize_raw_rgba_bytes(_rgba(pixels), width, height, 0.0, count)
    colours = np.array(palette, dtype=np.uint8).reshape(-1, 4)[:, :3]
    return colours[np.frombuffer(bytes(indices), dtype=np.uint8)].reshape(pixels.shape)


def pngquant(program: str, pixels: Pixels, count: int) -> Pixels:
    """Run pngquant without dithering; its time includes those of a process and of PNG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    command = [program, "--nofs", str(count), "-"]
    done = subprocess.run(command, input=file.getvalue(), capture_output=True, check=True)
    return np.asarray(Image.open(io.BytesIO(done.stdout)).convert("RGB"))


def main() -> int:
    """Print the comparison."""
    chosen, compared = list(pictures()), contenders()
    packages = ["pillow", "scikit-learn", "libimagequant", "imagequant", "pngquant-cli", "scikit-image"]
    versions = []
    for package in packages:
        with suppress(PackageNotFoundError):
            versions.append(f"{package} {version(package)}")
    print(f"{len(chosen)} pictures: {', '.join(name for name, _ in chosen)}")
    print(f"{', '.join(versions)}; {os.cpu_count()} cores")
    for count in COUNTS:
        _print(count, compared, chosen)
    return 0


def _print(count: int, compared: dict[str, Contender], chosen: list[tuple[str, Pixels]]) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in compared}
    figures: dict[str, list[tuple[float, ...]]] = {name: [] for name in compared}
    for _, pixels in chosen:
        times: dict[str, list[float]] = {name: [] for name in compared}
        for run in range(RUNS):
            for name, contender in compared.items():
                started = time.perf_counter()
                made = contender(pixels, count)
                times[name].append(time.perf_counter() - started)
                if run == 0:
                    figures[name].append(_figures(pixels, made))
        if "KMeans" in compared:
            seeds = [_figures(pixels, k_means(pixels, count, seed)) for seed in range(5)]
            figures["KMeans"][-1] = tuple(np.median(seeds, axis=0))
        for name, measured in times.items():
            seconds[name].append(float(np.median(measured)))
    print(f"\n{count} colours\n\n| | PSNR | CIEDE2000 | SSIM | time |\n| --- | --- | --- | --- | --- |")
    own = np.array(seconds["kohonen rgb"])
    for name in compared:
        psnr, difference, similarity = np.mean(figures[name], axis=0)
        ratio = np.median(np.array(seconds[name]) / own)
        print(f"| {name} | {psnr:.2f} | {difference:.3f} | {similarity:.3f} | {ratio:.2f} |")


def _figures(pixels: Pixels, made: Pixels) -> tuple[float, float, float]:
    """Return PSNR, mean CIEDE2000 difference of every second pixel each way, and structural similarity."""
    error = pixels.astype(np.float64) - made
    psnr = 10 * np.log10(255**2 / max(float((error**2).mean()), 1e-12))
    labs = (lab_of_pixels(part[::2, ::2].reshape(-1, 3)) for part in (pixels, made))
    similarity = np.nan
    if importlib.util.find_spec("skimage"):
        from skimage.metrics import structural_similarity

        similarity = structural_similarity(pixels, made, channel_axis=2)
    return psnr, float(ciede2000(*labs).mean()), similarity


def _by_pillow(method: int, pixels: Pixels, count: int) -> Pixels:
    quantised = Image.fromarray(pixels).quantize(count, method=method, dither=Image.Dither.NONE)
    return np.asarray(quantised.convert("RGB"))


def _rgba(pixels: Any) -> bytes:
    opaque = np.full((*pixels.shape[:2], 1), 255, dtype=np.uint8)
    return np.concatenate([pixels, opaque], axis=2).tobytes()
