"""Settings of all tests: the examples of property tests, and the mark ``slow``."""

from pathlib import Path
from types import SimpleNamespace

import pytest

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # the environments of tests/e2e and tests/workbench do without
    pass
else:
    # `make test` draws 100 examples for each, `.ci/long` thousands. A slow machine fails none of them.
    slow_draws = [HealthCheck.too_slow]
    settings.register_profile("quick", max_examples=100, deadline=None, suppress_health_check=slow_draws)
    settings.register_profile(
        "long",
        max_examples=5000,
        deadline=None,
        derandomize=False,
        print_blob=True,
        suppress_health_check=slow_draws,
    )
    settings.load_profile("quick")

FOLDER = Path(__file__).parent
#: Tests that take long, start servers or compile: folders, files, single tests. `make check` leaves them out,
#: and property tests.
SLOW = {
    "app/api/schemas/test_tables.py::test_figures_have_names_and_the_table_s_units",
    "app/api/test_animated.py",
    "app/api/test_images.py::test_annotated_figures",
    "app/api/test_job_animation.py",
    "app/api/test_labels.py::test_planes_of_any_column",
    "app/api/test_labels.py::test_views_of_labels",
    "app/api/test_registry.py",
    "app/api/test_store_faults.py",
    "app/commands/test_server.py",
    "app/jobs/queue/test_sqs.py",
    "app/models/test_at_once.py",
    "app/models/test_kill.py",
    "app/models/test_on_every_store.py::test_many_writers_of_one_name_get_a_revision_each",
    "app/runtime/test_startup.py",
    "app/storage/test_folder.py::test_a_list_takes_no_more_memory_for_what_it_leaves_out",
    "app/storage/test_folder.py::test_killed_while_writing",
    "app/storage/test_open_store.py::test_boto3_is_imported_when_a_bucket_is_used_and_not_before",
    "app/storage/test_s3.py",
    "app/storage/test_s3_faults.py",
    "app/test_main.py::test_serves_where_it_is_told_and_stops_when_told",
    "app/test_schema.py",
    "app/workers/test_processes.py",
    "emulator",
    "fuzz",
    "kohonen/animation/test_frames.py",
    "kohonen/cli/test_columns.py",
    "kohonen/cli/test_documents.py",
    "kohonen/cli/test_look.py",
    "kohonen/cli/test_main.py",
    "kohonen/cli/test_pictures.py",
    "kohonen/cli/test_train.py",
    "kohonen/engines/test_batch.py::test_threads_parts_and_order_do_not_matter_for_many_samples",
    "kohonen/engines/test_engines.py",
    "kohonen/engines/test_masked.py",
    "kohonen/engines/test_native_online.py",
    "kohonen/engines/test_sums.py::test_more_samples_than_the_lower_limb_takes",
    "kohonen/experiments/test_kill.py",
    "kohonen/experiments/test_run.py",
    "kohonen/inputs/test_frames.py::test_figures_take_frames",
    "kohonen/kernel/test_kernel.py",
    "kohonen/kernel/test_kernel_in_c.py",
    "kohonen/kernel/test_wasm.py",
    "kohonen/pictures/test_draw.py",
    "kohonen/pictures/test_figures.py",
    "kohonen/test_arithmetic.py::test_errors_are_within_the_documented_bounds",
    "kohonen/test_arithmetic.py::test_numpy_gives_the_same_bits_with_every_instruction_set",
    "kohonen/test_sklearn.py",
    "template",
    "test_clients.py",
    "test_cold_start.py::test_a_start_imports_little_beside_its_largest_imports",
    "test_deploy_guide.py",
    "test_examples.py",
    "test_load.py",
    "test_resume.py",
    "test_template.py",
}
if missing := [name for name in SLOW if not (FOLDER / name.partition("::")[0]).exists()]:
    raise ValueError(f"SLOW names files that do not exist: {missing}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip slow files unread where no slow test is asked for: what they import takes seconds."""
    if config.option.markexpr != "not slow" or not collection_path.is_relative_to(FOLDER):
        return None
    return collection_path.relative_to(FOLDER).as_posix() in SLOW or None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        path = item.path.relative_to(FOLDER)
        file = path.as_posix()
        name = getattr(item, "originalname", item.name)
        # The contract of all stores is quick, but for the one in a bucket; test_s3.py has its basics.
        given = getattr(item, "callspec", SimpleNamespace(params={})).params.values()
        bucket = any(isinstance(value, str) and value == "s3" for value in given)
        property_test = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if bucket or property_test or SLOW & {path.parts[0], file, f"{file}::{name}"}:
            item.add_marker(pytest.mark.slow)
