"""Runs the benchmarks and writes the report, with tables and a plot."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from benchmarks.contenders import BATCH, ONLINE
from benchmarks.demo import measure_demo
from benchmarks.machine import Machine
from benchmarks.workloads import GROWTH, MANY_SAMPLES, WORKLOADS, Measured, Workload, measure
from kohonen import assess, train

__all__ = ["Report"]

OURS = ("native", "numpy")
#: Contenders that must never be faster than the native engine.
NEVER_FASTER = ("numpy", "simple", "MiniSom")
#: Parts besides the workloads, in order; `verdict` summarises the parts before it.
PARTS = ("batch", "quality", "growth", "demo", "verdict")


class Report:
    """Measures, prints the results, and collects them for the files."""

    def __init__(self, machine: Machine, out: TextIO) -> None:
        self._machine = machine
        self._out = out
        self._text: list[str] = []
        self._ratios: dict[str, dict[str, float]] = {}
        self._faster: list[str] = []
        self._compared = 0
        self._growth_of: dict[str, dict[str, list[tuple[float, float]]]] = {}

    def run(self, wanted: Sequence[str]) -> None:
        """Run all parts, or the wanted ones: names of workloads or of `PARTS`."""
        today = datetime.datetime.now(datetime.UTC).date()
        self._say(f"Measured on {today} on one core of {self._machine.name}.\n")
        chosen = [workload for workload in WORKLOADS if not wanted or workload.name in wanted]
        if chosen:
            self._online(chosen)
        for part in PARTS:
            if not wanted or part in wanted:
                getattr(self, f"_{part}")()

    def write(self, folder: Path) -> None:
        """Write the tables and the plot."""
        heading = "# Benchmarks\n\nWritten by `make bench`; the code is in `benchmarks/`.\n\n"
        (folder / "benchmarks.md").write_text(heading + "\n".join(self._text) + "\n")
        self._plot(folder / "benchmarks.svg")

    def _say(self, line: str) -> None:
        self._text.append(line)
        print(line, file=self._out, flush=True)

    def _table(self, header: Sequence[str]) -> None:
        self._say("| " + " | ".join(header) + " |")
        self._say("| --- |" + " ---: |" * (len(header) - 1))

    def _online(self, workloads: Sequence[Workload]) -> None:
        """Report the times of all contenders on the workloads, and compare the kernel with its bounds."""
        self._say("## Online training\n")
        self._say(
            "Seconds for the whole training, and in brackets how many times faster that is than *simple*, the"
        )
        self._say(
            "plain vectorised loop, in the same round: medians. Long trainings were measured in part and"
        )
        self._say("scaled.\n")
        self._say(
            "\n".join(f"* **{workload.name}**{str(workload)[len(workload.name) :]}" for workload in workloads)
        )
        self._say("")
        self._table(["", *(contender.name for contender in ONLINE)])
        failures = {}
        bounds = []
        for workload in workloads:
            measured = measure(workload, ONLINE)
            simple = measured["simple"]
            self._ratios[workload.name] = {
                name: one.times_faster_than(simple) for name, one in measured.items() if one.seconds
            }
            self._say(
                f"| {workload.name} | " + " | ".join(_cell(one, simple) for one in measured.values()) + " |"
            )
            self._compare(workload.name, measured)
            failures.update({name: one.failure for name, one in measured.items() if one.failure})
            if workload.steps <= 1_000_000:
                bounds.append((workload, measured["native"].median))
        self._say("")
        for contender in ONLINE:
            problem = f"; failed: {failures[contender.name]}" if contender.name in failures else ""
            self._say(f"* {contender.name}: {contender.note}{problem}")
        self._bounds(bounds)

    def _bounds(self, timed: Sequence[tuple[Workload, float]]) -> None:
        """Report how close the kernel comes to the machine's bounds."""
        if not timed:
            return
        self._say("\n## Bounds\n")
        rate = 1e-9 / self._machine.seconds_per_update
        self._say(f"One core does {rate:.1f} thousand million updates `w + h (v - w)` of a value a second in")
        self._say("registers. The bound *arithmetic* is the time of the updates within reach at that rate,")
        self._say(
            "without a search. The bound *traffic* is the time to read and write the weights that a step"
        )
        self._say("updates and to read those that it searches, at the rate measured for arrays of the map's")
        self._say("size; it holds for engines that pass over the map in each step.\n")
        self._table(["", "native", "arithmetic", "share reached", "traffic", "share reached"])
        for workload, seconds in timed:
            arithmetic, traffic = self._machine.bounds(workload.data(), workload.parameters)
            cells = [_seconds(seconds), _seconds(arithmetic), f"{arithmetic / seconds:.0%}"]
            cells += [_seconds(traffic), f"{traffic / seconds:.0%}"]
            self._say(f"| {workload.name} | " + " | ".join(cells) + " |")

    def _batch(self) -> None:
        """Report the time of one batch iteration."""
        self._say("\n## Batch training\n")
        self._say("Seconds for one iteration, on average over a training of ten.\n")
        self._table(["", *(contender.name for contender in BATCH)])
        failures = {}
        for workload in MANY_SAMPLES:
            # The others compute all distances, 8 GB per iteration: they use a tenth of the samples.
            measured = measure(workload, BATCH[:1], rounds=3)
            fewer = replace(workload, samples=workload.samples // 10)
            measured |= {name: _scaled(one, 10) for name, one in measure(fewer, BATCH[1:], rounds=2).items()}
            failures.update({name: one.failure for name, one in measured.items() if one.failure})
            cells = [
                _seconds(one.median / workload.iterations) if one.seconds else "failed"
                for one in measured.values()
            ]
            self._say(f"| {workload.name}, {workload.width}x{workload.height} | " + " | ".join(cells) + " |")
        self._say("")
        for contender in BATCH:
            problem = f"; failed: {failures[contender.name]}" if contender.name in failures else ""
            self._say(f"* {contender.name}: {contender.note}{problem}")

    def _quality(self) -> None:
        """Compare the quality of batch and online training."""
        self._say("\n## Quality at equal iterations\n")
        self._table(["", "quantization error", "topographic error"])
        for workload in (WORKLOADS[2], WORKLOADS[0], replace(WORKLOADS[8], iterations=30)):
            for algorithm in ("online", "batch"):
                parameters = replace(workload.parameters, algorithm=algorithm)
                samples = workload.data()
                quality = assess(train(samples, parameters).weights, samples)
                errors = f"{quality.quantization_error:.4f} | {quality.topographic_error:.3f}"
                self._say(f"| {workload.name}, {workload.iterations} iterations, {algorithm} | {errors} |")

    def _growth(self) -> None:
        """Report the time of a step by the size of the problem."""
        contenders = [contender for contender in ONLINE if contender.name in (*OURS, "simple")]
        self._say("\n## Cost by size\n")
        self._say("Microseconds per step: one sample presented once.")
        for measure_name, workloads in GROWTH.items():
            self._say("")
            self._table([measure_name, *(contender.name for contender in contenders)])
            lines = self._growth_of.setdefault(measure_name, {})
            for workload in workloads:
                measured = measure(workload, contenders, rounds=3)
                cells = []
                for name, one in measured.items():
                    micros = one.median / workload.steps * 1e6
                    lines.setdefault(name, []).append((float(workload.name), micros))
                    cells.append(f"{micros:.3g}")
                self._compare(f"{workload.name} {measure_name}", measured)
                self._say(f"| {int(workload.name):,} | " + " | ".join(cells) + " |")

    def _demo(self) -> None:
        """Report the time of a request for the demo."""
        demo = measure_demo()
        self._say("\n## The demo as a request\n")
        self._say(
            "Milliseconds of the default `GET /` through the whole service, without a network: medians."
        )
        self._say("The rest is the map's quality, its picture and the service itself.\n")
        self._table(["", "total", "training", "rest"])
        self._say(f"| demo | {demo.total:.1f} | {demo.training:.1f} | {demo.rest:.1f} |")

    def _compare(self, name: str, measured: Mapping[str, Measured]) -> None:
        """Record the contenders that are faster than the native engine."""
        ours = measured["native"]
        for other in NEVER_FASTER:
            theirs = measured.get(other)
            if not theirs or not theirs.seconds:
                continue
            self._compared += 1
            if ours.times_faster_than(theirs) < 1.0:
                self._faster.append(f"{other} on {name}")

    def _verdict(self) -> None:
        """Report the comparisons in which the native engine is slower."""
        faster = ", ".join(self._faster) or "none"
        others = ", ".join(NEVER_FASTER)
        self._say("\n## Packages faster than the native engine\n")
        self._say(f"Comparisons with {others} in which the native engine is slower,")
        self._say(f"of {self._compared} above, by workload and by size: **{faster}**.")

    def _plot(self, path: Path) -> None:
        """Plot the ratios and the growth."""
        import matplotlib as mpl
        from matplotlib.figure import Figure

        mpl.rcParams["svg.hashsalt"] = "kohonen"
        figure = Figure(figsize=(13, 8), layout="constrained")
        places = figure.subplot_mosaic(
            [["ratios", "units", "samples"], ["ratios", "dimension", "iterations"]]
        )
        self._plot_ratios(places["ratios"])
        for name, lines in self._growth_of.items():
            axes = places[name]
            for engine, points in lines.items():
                axes.plot(*zip(*points, strict=True), marker="o", label=engine)
            axes.set(xscale="log", yscale="log", xlabel=name, ylabel="microseconds a step")
            axes.grid(alpha=0.3)
        places["units"].legend()
        figure.suptitle(self._machine.name)
        figure.savefig(path, metadata={"Date": None})

    def _plot_ratios(self, axes: Any) -> None:
        """Plot the speed of all contenders relative to the simple loop."""
        names = [contender.name for contender in ONLINE if contender.name != "simple"]
        workloads = [name for name in self._ratios if name in "ABCD"]
        thickness = 0.8 / len(workloads)
        for i, workload in enumerate(workloads):
            places = [j + i * thickness for j in range(len(names))]
            axes.barh(
                places, [self._ratios[workload].get(name, 0.0) for name in names], thickness, label=workload
            )
        axes.set_yticks([j + 0.4 - thickness / 2 for j in range(len(names))], names)
        axes.set(xscale="log", xlabel="times faster than simple NumPy")
        axes.axvline(1.0, color="black", linewidth=0.8)
        axes.invert_yaxis()
        axes.legend()


def _seconds(seconds: float) -> str:
    return f"{seconds:.3g}" if seconds < 1000 else f"{seconds:,.0f}"


def _cell(one: Measured, simple: Measured) -> str:
    if not one.seconds:
        return "failed"
    return f"{_seconds(one.median)} (**{one.times_faster_than(simple):.3g}**)"


def _scaled(one: Measured, factor: float) -> Measured:
    return Measured([seconds * factor for seconds in one.seconds], one.failure)
