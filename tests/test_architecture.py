"""The rules of the house: who may import what, how large a module may be, what a file may say."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import kohonen
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for package in ("kohonen", "app") for path in (ROOT / package).rglob("*.py"))
LONGEST_MODULE = 300
HEAVY = {"PIL", "boto3", "botocore", "matplotlib", "mlflow", "pandas", "python_calamine", "sklearn", "yaml"}
TERMINAL = {"click", "dotenv", "yaml"}
WEB = {"fastapi", "httpx", "mangum", "pydantic", "pydantic_settings", "starlette", "uvicorn"}

# What these modules of the library may import besides NumPy and Pillow: the optional extras.
EXTRAS = {
    "kohonen/delimited/excel.py": {"python_calamine"},
    "kohonen/pictures/axes.py": {"matplotlib"},
    "kohonen/pictures/figures.py": {"matplotlib"},
    "kohonen/pictures/label_figures.py": {"matplotlib"},
    "kohonen/mlflow/runs.py": {"mlflow"},
    "kohonen/mlflow/tracking.py": {"mlflow"},
    "kohonen/mlflow/inputs.py": {"mlflow", "pandas"},
    "kohonen/pyfunc.py": {"pandas"},
    "kohonen/sklearn.py": {"sklearn"},
}
# Who may import these packages, if not everybody.
ONLY = {
    "boto3": {"app/storage/s3.py", "app/jobs/queue/sqs.py"},
    "botocore": {"app/storage/s3.py", "app/jobs/queue/sqs.py"},
    "mangum": {"app/aws/api.py"},
    "snapshot_restore_py": {"app/aws/snapshot.py"},
    "python_calamine": {"kohonen/delimited/excel.py"},
    "mlflow": {"kohonen/mlflow/runs.py", "kohonen/mlflow/tracking.py", "kohonen/mlflow/inputs.py"},
    "sklearn": {"kohonen/sklearn.py"},
    "uvicorn": {"app/commands/server.py"},
    "click": {f"kohonen/cli/{path.name}" for path in (ROOT / "kohonen" / "cli").glob("*.py")},
    "dotenv": {"kohonen/experiments/settings.py"},
    "yaml": {"kohonen/experiments/reading.py"},
}
#: The packages, and the modules beside them, from the ground up: each imports only from itself and from those
#: before it.
LAYERS = [
    "kohonen.errors",
    "kohonen.kernel",
    "kohonen.arithmetic",
    "kohonen.delimited",
    "kohonen.inputs",
    "kohonen.schedule",
    "kohonen.geometry",
    "kohonen.parameters",
    "kohonen.identity",
    "kohonen.initialisation",
    "kohonen.engines",
    "kohonen.plan",
    "kohonen.training",
    "kohonen.observers",
    "kohonen.files",
    "kohonen.analysis",
    "kohonen.som",
    "kohonen",
    "kohonen.card",
    "kohonen.pictures",
    "kohonen.colour",
    "kohonen.report",
    "kohonen.animation",
    "kohonen.checkpoints",
    "kohonen.experiments",
    "kohonen.pyfunc",
    "kohonen.mlflow",
    "kohonen.sklearn",
    "kohonen.cli",
    "kohonen.__main__",
    "app",
    "app.schema",
    "app.errors",
    "app.storage",
    "app.models",
    "app.problems",
    "app.environment",
    "app.memory_limit",
    "app.settings",
    "app.runtime",
    "app.training",
    "app.jobs.queue",
    "app.jobs",
    "app.pictures",
    "app.predictions",
    "app.web",
    "app.api.schemas",
    "app.api",
    "app.workers",
    "app.deployment",
    "app.app",
    "app.aws",
    "app.commands",
    "app.__main__",
]
#: Sub-packages that are layers of their own.
SUB_PACKAGES = {"app.api.schemas", "app.jobs.queue"}
#: Imports that run up, each inside a function: `app.app.handler` is a name for Lambda's entry point.
UPWARDS = {("app/app.py", "app.aws.api")}
#: The most modules of a folder; `app/api` has a module for each resource.
MOST_MODULES, MOST_ROUTES = 15, 25
#: Folders whose modules know HTTP, with the module that puts the service together.
HTTP = ("app/api/", "app/web/", "app/aws/", "app/app.py", "app/commands/server.py")
#: Names of modules that recur within the library or the service, in folders of different roles.
RECURRING = {
    "app": {
        "colour": {"api", "api/schemas"},
        "continue_training": {"api", "api/schemas"},
        "deadline": {"storage", "web"},
        "downloads": {"api", "models"},
        "errors": {".", "web"},
        "health": {"api", "api/schemas"},
        "jobs": {"api", "commands"},
        "maintenance": {"jobs", "models"},
        "models": {"api", "api/schemas", "commands"},
        "port": {"jobs/queue", "storage"},
        "predictions": {".", "api"},
        "responses": {"api", "web"},
        "service": {"jobs", "training"},
        "store": {"jobs", "jobs/queue"},
        "training": {"api", "api/schemas"},
        "worker": {"aws", "commands", "workers"},
    },
    "kohonen": {
        "columns": {"cli", "inputs"},
        "names": {"colour", "delimited"},
        "palettes": {"colour", "pictures"},
        "files": {".", "animation"},
        "frames": {"animation", "inputs"},
        "labels": {"analysis", "pictures", "report"},
        "sources": {"experiments", "kernel"},
        "tracking": {"cli", "mlflow"},
        "views": {"analysis", "pictures", "report"},
    },
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path, *, inside_functions: bool = True) -> Iterator[str]:
    """List the modules that a module imports; what only type checkers see does not count."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} has a relative import"
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            waiting += node.orelse
        elif inside_functions or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def packages(path: Path, *, inside_functions: bool = True) -> set[str]:
    return {name.partition(".")[0] for name in imports(path, inside_functions=inside_functions)}


every_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


def test_there_are_modules_to_look_at() -> None:
    assert {"kohonen/__init__.py", "app/app.py", "app/storage/s3.py"} <= {name_of(path) for path in MODULES}


@pytest.mark.parametrize(
    "path", [path for path in MODULES if name_of(path).startswith("kohonen")], ids=name_of
)
def test_the_library_knows_numpy_and_pillow_and_nothing_else(path: Path) -> None:
    known = {"kohonen", "numpy", "PIL"} | EXTRAS.get(name_of(path), set())
    known |= {package for package in TERMINAL if name_of(path) in ONLY[package]}
    assert packages(path) - set(sys.stdlib_module_names) <= known


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.parent != ROOT / "kohonen" / "cli"], ids=name_of
)
def test_nothing_is_made_of_the_command_line(path: Path) -> None:
    allowed = {"kohonen/__main__.py"}
    assert name_of(path) in allowed or not [name for name in imports(path) if name.startswith("kohonen.cli")]


@every_module
def test_what_is_heavy_is_imported_where_it_is_used(path: Path) -> None:
    allowed = {package for package, names in ONLY.items() if name_of(path) in names}
    assert packages(path, inside_functions=False) & HEAVY <= allowed


@every_module
def test_an_adapter_s_package_is_known_to_the_adapter_alone(path: Path) -> None:
    assert {
        package for package in packages(path) if name_of(path) not in ONLY.get(package, {name_of(path)})
    } == set()


def module_of(path: Path) -> str:
    """Return the dotted name of a module."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def layer_of(module: str) -> str:
    """Return the package that a module stands in, or the module itself where it stands beside them."""
    parts = module.split(".")
    nested = ".".join(parts[:3])
    return nested if nested in SUB_PACKAGES else ".".join(parts[:2])


def imported(path: Path, *, inside_functions: bool = True) -> set[str]:
    """Return the modules of the project that a module imports."""
    names = set(imports(path, inside_functions=inside_functions))
    modules = {module_of(found) for name in names if (found := source_of(name))}
    # `from package import module` lists the package as well, of which nothing else is used.
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module in modules:
            submodules = {alias.name for alias in node.names if source_of(f"{node.module}.{alias.name}")}
            if submodules == {alias.name for alias in node.names}:
                modules.discard(node.module)
    return modules - {module_of(path)}


@every_module
def test_no_import_runs_up(path: Path) -> None:
    own = layer_of(module_of(path))
    assert own in LAYERS
    above = LAYERS[LAYERS.index(own) + 1 :]
    assert [
        name for name in imported(path) if layer_of(name) in above and (name_of(path), name) not in UPWARDS
    ] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module_of(path): imported(path, inside_functions=False) for path in MODULES}
    while leaves := {name for name, used in graph.items() if not used & graph.keys()}:
        graph = {name: used for name, used in graph.items() if name not in leaves}
    assert graph == {}


FOLDERS = sorted({path.parent for path in MODULES})


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_a_folder_has_few_modules_and_a_line_that_describes_it(folder: Path) -> None:
    modules = [path for path in MODULES if path.parent == folder and not path.name.startswith("__")]
    assert len(modules) <= (MOST_ROUTES if name_of(folder) == "app/api" else MOST_MODULES)
    docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    assert docstring
    assert docstring.partition("\n")[0].endswith((".", ":"))


@pytest.mark.parametrize("package", sorted(RECURRING))
def test_a_name_recurs_only_in_folders_of_different_roles(package: str) -> None:
    folders: dict[str, set[str]] = {}
    for path in MODULES:
        if name_of(path).startswith(f"{package}/") and not path.name.startswith("__"):
            folder = path.parent.relative_to(ROOT / package).as_posix()
            folders.setdefault(path.stem, set()).add(folder)
    assert {name: found for name, found in folders.items() if len(found) > 1} == RECURRING[package]


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path).startswith("app/")], ids=name_of)
def test_http_is_known_at_the_edge_only(path: Path) -> None:
    edge = name_of(path).startswith(HTTP)
    assert edge or not packages(path) & (WEB - {"pydantic", "pydantic_settings"} - known_to(path))


def known_to(path: Path) -> set[str]:
    """Return the packages that are known to a module alone, or to a few."""
    return {package for package, names in ONLY.items() if name_of(path) in names}


@pytest.mark.parametrize("path", [path for path in MODULES if path.parent.name == "api"], ids=name_of)
def test_routes_know_the_store_by_its_port_only(path: Path) -> None:
    adapters = {f"app.storage.{name}" for name in ("folder", "memory", "s3")}
    assert not adapters & set(imports(path))


@every_module
def test_a_module_is_read_in_one_go(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@every_module
def test_all_names_what_a_module_offers(path: Path) -> None:
    names = offered(path)
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assert len(names) == len(set(names))
    assert set(names) <= defined(body)
    if name_of(path).startswith(("kohonen/", "app/storage/")):
        assert public(body) <= set(names)


@every_module
def test_a_module_uses_of_another_what_that_offers(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unoffered = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (source := source_of(node.module or "")):
            names = {alias.name for alias in node.names if not source_of(f"{node.module}.{alias.name}")}
            unoffered += sorted(names - set(offered(source)))
    assert unoffered == []


def source_of(module: str) -> Path | None:
    """Return the file of a module of the project."""
    base = ROOT / module.replace(".", "/")
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path in MODULES), None)


def offered(path: Path) -> list[str]:
    """Return a module's ``__all__``."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def public(body: list[ast.stmt]) -> set[str]:
    """Return the functions and classes that a module defines for others."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in body if isinstance(node, kinds) and not node.name.startswith("_")}


def defined(body: list[ast.stmt]) -> set[str]:
    """Return every name that a module has."""
    names = public(body)
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def loaded_by(module: str) -> set[str]:
    """Return the modules that importing one loads in a fresh interpreter."""
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    return set(json.loads(done.stdout))


def test_importing_the_library_loads_numpy_and_nothing_heavier() -> None:
    loaded = loaded_by("kohonen")
    assert "numpy" in loaded
    assert not loaded & (HEAVY | WEB | TERMINAL | {"app"})


#: What a start has no use for: adapters, what draws, what does jobs, what serves elsewhere than on Lambda.
LATER = HEAVY | {
    "aiohttp", "app.jobs.queue.sqs", "app.workers.supervisor", "app.workers.worker", "app.storage.folder",
    "app.storage.s3", "dateutil", "difflib", "httpx", "multiprocessing",
    "numpy.ma", "numpy.random", "numpy.testing", "requests", "sqlite3", "unittest", "urllib3",
    "uvicorn",
}  # fmt: skip


def test_importing_the_service_stays_within_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    # As the template has it.
    monkeypatch.setenv("SOM_STORE", "s3://nothing/yet")
    monkeypatch.setenv("SOM_QUEUE", "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs")
    loaded = loaded_by("app.aws.api")
    assert {"fastapi", "mangum"} <= loaded
    assert not loaded & LATER
    assert not loaded_by("app.app") & {"mangum", "app.aws"}


def test_the_version_is_told_alike() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert kohonen.__version__ == project["version"]


def test_no_file_names_the_machine_that_it_was_written_on() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    machine = re.compile(r"(?<![\w./-])/(?:work|root|home|Users)/\w")
    guilty = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and "assets" not in path.parts:
            text = path.read_bytes().decode("utf-8", errors="ignore")
            guilty += [f"{name}: {match.group()}" for match in machine.finditer(text)]
    assert guilty == []
