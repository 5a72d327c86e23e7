"""Reads and writes experiments as YAML. Errors name the line and the field."""

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from kohonen.delimited.dialects import Dialect
from kohonen.errors import InvalidColourError, InvalidExperimentError, KohonenError
from kohonen.experiments.experiment import (
    OUTPUT,
    PARAMETERS,
    SOURCES,
    Data,
    Experiment,
    check_run_name,
    check_view,
)
from kohonen.experiments.settings import Layer, combine
from kohonen.experiments.table import DIALECT
from kohonen.inputs.choices import Choices
from kohonen.inputs.colours import parse_colours
from kohonen.parameters import Definition

__all__ = ["read_experiment", "read_layer", "write_yaml"]

_SECTIONS = ("run_name", "data", "parameters", "keep_data", "output", "observers", "code")
#: 1e-3 is a number in YAML 1.2 and most languages, but a string in YAML 1.1, which PyYAML implements.
_EXPONENT = re.compile(r"[-+]?[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+$")
_FLOAT = ("tag:yaml.org,2002:float", _EXPONENT, list("-+0123456789"))

#: The path of a field: its name, after those of the fields that contain it.
Place: TypeAlias = tuple[str | int, ...]


def read_experiment(path: str | Path) -> Experiment:
    """Read an experiment from a file, without flags and environment.

    The message of an `InvalidExperimentError` has the line, the field and the remedy.
    """
    return combine(file=read_layer(Path(path)))


def read_layer(path: Path) -> Layer:
    """Read the settings in an experiment's file, and validate each field."""
    return _Reader(path).layer()


def write_yaml(document: Mapping[str, Any]) -> str:
    """Return an experiment's document as YAML."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes strings that would be read as numbers."""

    Dumper.add_implicit_resolver(*_FLOAT)
    text: str = yaml.dump(dict(document), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


class _Reader:
    """Reads a file, and keeps the line of each field for errors."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = path.parent.absolute()
        self._lines: dict[Place, int] = {}

    def layer(self) -> Layer:
        document = self._load()
        self._check_names((), document, _SECTIONS)
        parameters = self._section(document, "parameters", PARAMETERS)
        output = self._section(document, "output", OUTPUT)
        if isinstance(output.get("views"), list):
            output["views"] = tuple(
                self._checked(("output", "views", place), partial(check_view, view))
                for place, view in enumerate(output["views"])
            )
        layer = Layer(
            parameters={name: value for name, value in parameters.items() if name != "batch_size"},
            batch_size=parameters.get("batch_size"),
            output=output,
            code=self._folder / str(document.get("code") or "."),
            stem=self._path.stem,
        )
        if document.get("run_name") is not None:
            layer.run_name = self._checked(("run_name",), lambda: check_run_name(document["run_name"]))
        if document.get("keep_data") is not None:
            layer.keep_data = self._value(("keep_data",), Definition("", bool), document["keep_data"])
        if document.get("data") is not None:
            layer.data = self._data(document["data"])
        if document.get("observers") is not None:
            named = self._value(("observers",), Definition("", list), document["observers"])
            layer.observers = tuple(
                self._value(("observers", place), Definition("", str), one) for place, one in enumerate(named)
            )
        return layer

    def _load(self) -> Mapping[str, Any]:
        import yaml

        class Loader(yaml.SafeLoader):
            """Loads plain data only, with the numbers of YAML 1.2."""

        Loader.add_implicit_resolver(*_FLOAT)
        try:
            text = self._path.read_text(encoding="utf-8")
            loader = Loader(text)
            node = loader.get_single_node()
            self._note_lines((), node)
            document = {} if node is None else loader.construct_document(node)
        except InvalidExperimentError:
            raise
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise self._error(line, f"this is not valid YAML: {error.problem or error}") from error
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise self._error(1, f"this is not valid YAML of an experiment: {error}") from error
        if not isinstance(document, dict):
            raise self._error(1, f"an experiment must have fields: {', '.join(_SECTIONS)}")
        return document

    def _note_lines(self, path: Place, node: Any) -> None:
        """Note the line of each field, and refuse duplicate fields."""
        import yaml

        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                here, line = (*path, str(key.value)), key.start_mark.line + 1
                if here in self._lines:
                    raise self._error(line, f"{_dotted(here)} is given in line {self._lines[here]} already")
                self._lines[here] = line
                self._note_lines(here, value)
        elif isinstance(node, yaml.SequenceNode):
            for place, value in enumerate(node.value):
                self._lines[(*path, place)] = value.start_mark.line + 1

    def _section(
        self, document: Mapping[str, Any], name: str, fields: Mapping[str, Definition]
    ) -> dict[str, Any]:
        section = document.get(name)
        return {} if section is None else self._fields((name,), section, fields)

    def _fields(self, path: Place, section: Any, fields: Mapping[str, Definition]) -> dict[str, Any]:
        """Validate the fields of a section; a field without a value is left out."""
        if not isinstance(section, dict):
            raise self._error_at(path, f"must have fields: {', '.join(fields)}")
        self._check_names(path, section, fields)
        return {
            name: self._value((*path, name), fields[name], value)
            for name, value in section.items()
            if value is not None
        }

    def _data(self, section: Any) -> Data:
        kinds = ", ".join(SOURCES)
        if not isinstance(section, dict):
            raise self._error_at(("data",), f"must have one of the fields {kinds}")
        self._check_names(("data",), section, (*SOURCES, "fingerprint"))
        named = [kind for kind in SOURCES if section.get(kind) is not None]
        if len(named) != 1:
            raise self._error_at(
                ("data",), f"must be one of {kinds}, but is {' and '.join(named) or 'none of them'}"
            )
        kind = named[0]
        source, given = SOURCES[kind], section[kind]
        path: Place = ("data", kind)
        if not isinstance(given, dict):
            given = {source.main: self._value(path, source.fields[source.main], given)}
        options = self._fields(path, given, source.fields)
        if kind != "random" and source.main not in options:
            raise self._error_at(path, f"{source.main!r} is missing")
        if kind == "csv":
            self._checked(path, lambda: Choices.of(options))
            dialect = self._fields((*path, "dialect"), options.get("dialect", {}), DIALECT)
            self._checked((*path, "dialect"), lambda: Dialect.of(dialect))
        for name in options.keys() & source.paths:
            options[name] = str(self._folder / options[name])
        if kind == "colours":
            self._colours((*path, *(["values"] if given is section[kind] else [])), options)
        fingerprint = section.get("fingerprint")
        if fingerprint is not None:
            self._value(("data", "fingerprint"), Definition("", str), fingerprint)
        return Data(kind, options, fingerprint)

    def _colours(self, path: Place, options: Mapping[str, Any]) -> None:
        """Validate colours; the error has the line of the first invalid one."""
        try:
            parse_colours(options["values"], colour_range=options.get("range", 1))
        except InvalidColourError as error:
            raise self._error_at((*path, error.index), str(error)) from error
        except KohonenError as error:
            raise self._error_at(path, str(error)) from error

    def _check_names(self, path: Place, section: Mapping[Any, Any], names: Iterable[str]) -> None:
        known = list(names)
        for name in section:
            if name in known:
                continue
            close = difflib.get_close_matches(str(name), known, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(known)}"
            raise self._error_at((*path, name), f"unknown field; {remedy}")

    def _value(self, path: Place, definition: Definition, value: Any) -> Any:
        return self._checked(path, lambda: definition.check(str(path[-1]), value))

    def _checked(self, path: Place, check: Any) -> Any:
        try:
            return check()
        except KohonenError as error:
            raise self._error_at(path, str(error)) from error

    def _error_at(self, path: Place, message: str) -> InvalidExperimentError:
        known = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in self._lines), ())
        return self._error(self._lines.get(known, 1), f"{_dotted(path)}: {message}")

    def _error(self, line: int, message: str) -> InvalidExperimentError:
        return InvalidExperimentError(f"{self._path}, line {line}: {message}")


def _dotted(path: Place) -> str:
    return ".".join(map(str, path))
