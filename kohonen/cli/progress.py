"""Progress of a training: a bar with the time left at a terminal, a line at intervals elsewhere."""

import sys
import time
from typing import Any

import click

from kohonen.observers.time_left import TimeLeft
from kohonen.training import Observer, Training

__all__ = ["Bar", "duration"]

#: Seconds between two updates of the bar, and between two lines.
BAR, LINE = 0.1, 5.0


class Bar(Observer):
    """Reports the progress of a training on standard error, after the name of the run.

    It is silent if `quiet`; if `verbose`, it writes lines where there is no terminal.
    """

    def __init__(self, label: str, *, quiet: bool = False, verbose: bool = False) -> None:
        self._label = label
        self._terminal = sys.stderr.isatty() and not quiet
        self._lines = verbose and not quiet and not self._terminal

    def start(self, training: Training) -> None:
        """Show the first iteration."""
        self._began = self._shown = time.monotonic()
        first, last = training.iteration, training.last_iteration
        self._time_left = TimeLeft(training.cost, training.parameters, first, last)
        self._bar: Any = click.progressbar(
            length=training.last_iteration,
            label=self._label,
            show_eta=False,  # its estimate assumes that all iterations take the same time
            show_pos=True,
            item_show_func=lambda text: text,
            file=sys.stderr,
            hidden=not self._terminal,
        )
        self._bar.update(training.iteration)

    def after_iteration(self, training: Training) -> None:
        """Show the iteration, unless the last one was just shown."""
        now = time.monotonic()
        if now < self._shown + (LINE if self._lines else BAR):
            return
        self._shown = now
        text = self._text(training, now)
        self._bar.update(training.iteration - self._bar.pos, text)
        if self._lines:
            place = f"{training.iteration:,} of {training.last_iteration:,}"
            click.echo(f"{self._label}: iteration {place}, {text}", err=True)

    def end(self, training: Training) -> None:
        """Show the last iteration."""
        self._bar.update(training.iteration - self._bar.pos, "")
        self._bar.render_finish()

    def _text(self, training: Training, now: float) -> str:
        left = self._time_left.seconds_left(training.iteration, now - self._began)
        radius = f"radius {training.radius:.1f}"
        return radius if left is None else f"{radius}, {duration(left)} left"


def duration(seconds: float) -> str:
    """Format a duration, as in "2 min 05 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
