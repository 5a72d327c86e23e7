"""The commands ``kohonen palette``, ``compress`` and ``texture``."""

import sys
from pathlib import Path
from typing import Any

import click

from kohonen.cli.options import given, options_of
from kohonen.colour.compression import COMPRESSION, Compressed, compress
from kohonen.colour.exports import MEDIA_TYPES, write_palette
from kohonen.colour.palettes import PALETTE
from kohonen.colour.palettes import palette as colours_of
from kohonen.errors import InvalidPictureError
from kohonen.experiments.folder import RunFolder
from kohonen.files import write_whole
from kohonen.pictures.draw import draw_view

__all__ = ["compress_files", "palette", "texture"]

_IN = click.Path(path_type=Path, exists=True, dir_okay=False)
_OUT = click.Path(path_type=Path)
_keep = click.option("--keep", multiple=True, help="A colour that must be in the palette. Repeatable.")


@click.command()
@click.argument("picture", type=_IN)
@click.option("-o", "--output", type=_OUT, help=f"The file: .{', .'.join(MEDIA_TYPES)}.")
@options_of(PALETTE)
@_keep
def palette(picture: Path, output: Path | None, keep: tuple[str, ...], **options: Any) -> None:
    """Print the colours of a picture with their shares and names, or write them to a file.

    PICTURE is a PNG, JPEG or WebP file. Colours are in order: neighbours are similar.
    """
    form: Any = None if output is None else output.suffix[1:]
    if output is not None and form not in MEDIA_TYPES:
        raise click.UsageError(f"{output}: the name of the file must end in .{', .'.join(MEDIA_TYPES)}")
    found = colours_of(picture, keep=keep, **given(options, PALETTE))
    _print_notes(picture, found.notes)
    if output is not None:
        write_whole(output, write_palette(found, form))
        click.echo(str(output))
        return
    for code, share, name in zip(found.hex, found.shares, found.names, strict=True):
        click.echo(f"{code}  {share:6.1%}  {name}")


@click.command("compress")
@click.argument("pictures", type=_IN, nargs=-1, required=True)
@click.option("-o", "--output", type=_OUT, required=True, help="A .png or .webp file, or a folder for many.")
@options_of(COMPRESSION)
@_keep
@click.option("--webp", is_flag=True, help="In a folder: write lossless WebP instead of PNG.")
@click.option("-q", "--quiet", is_flag=True, help="Print only errors.")
def compress_files(
    pictures: tuple[Path, ...], output: Path, keep: tuple[str, ...], webp: bool, quiet: bool, **options: Any
) -> int:
    """Write pictures in few colours, and print a line of figures for each.

    PICTURES are PNG, JPEG or WebP files. Files that cannot be read are reported, and left out.
    """
    one = output.suffix in (".png", ".webp")
    if one and len(pictures) > 1:
        raise click.UsageError(f"{output} is one file: use -o with a folder for {len(pictures)} pictures")
    form = "webp" if webp else "png"
    targets = [output] if one else [output / f"{picture.stem}.{form}" for picture in pictures]
    _check_targets(pictures, targets)
    chosen, failures = given(options, COMPRESSION), 0
    if not one:
        output.mkdir(parents=True, exist_ok=True)
    bar = click.progressbar(
        list(zip(pictures, targets, strict=True)),
        file=sys.stderr,
        label="compress",
        hidden=quiet or one or not sys.stderr.isatty(),
    )
    with bar as waiting:
        for picture, path in waiting:
            try:
                made = compress(picture, keep=keep, **chosen)
            except InvalidPictureError as error:
                failures += 1
                click.echo(f"kohonen: {picture}: {error}", err=True)
                continue
            content = made.encode("webp" if path.suffix == ".webp" else "png")
            write_whole(path, content)
            _print_notes(picture, made.original.notes)
            if not quiet:
                click.echo(f"{path}: {_figures(made, picture.stat().st_size, len(content))}")
    return 1 if failures else 0


def _check_targets(pictures: tuple[Path, ...], targets: list[Path]) -> None:
    """Refuse to write one file twice, or over a picture."""
    originals = {picture.resolve() for picture in pictures}
    for picture, target in zip(pictures, targets, strict=True):
        if target.resolve() in originals:
            raise click.UsageError(f"{target} is one of the pictures: use -o with another file or folder")
        if targets.count(target) > 1:
            raise click.UsageError(f"{picture} is not the only picture that would become {target}: rename it")


@click.command()
@click.argument("folder", type=_OUT)
@click.option("-o", "--output", type=_OUT, default="texture.png", show_default=True, help="The file: .png.")
@click.option("--scale", type=click.IntRange(1), help="Width of a unit in pixels.")
def texture(folder: Path, output: Path, scale: int | None) -> None:
    """Draw a toroidal map as a tile whose opposite edges fit together.

    FOLDER is the folder of a run with --boundary toroidal.
    """
    run = RunFolder.open(folder)
    write_whole(output, draw_view("texture", run.weights(), geometry=run.geometry(), scale=scale))
    click.echo(str(output))


def _figures(made: Compressed, before: int, after: int) -> str:
    larger = " (larger than the original)" if after > before else ""
    return (
        f"{len(made.palette)} colours, PSNR {made.psnr:.2f} dB, mean difference {made.difference:.2f}, "
        f"{before:,} to {after:,} bytes{larger}"
    )


def _print_notes(picture: Path, notes: tuple[str, ...]) -> None:
    for note in notes:
        click.echo(f"{picture}: {note}", err=True)
