import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from pydantic import Field, ValidationError

from app.schema import Schema

ROOT = Path(__file__).parents[2]


def test_a_start_prepares_no_model_that_a_request_may_never_use() -> None:
    code = (
        "import app.app; from app.api.jobs import JobDocument; from app.models import Card; "
        "fields = [one.response_field for one in app.app.app.routes "
        "if getattr(one, 'response_model', None) is Card]; "
        "assert len(fields) == 2; assert not any(one._type_adapter.pydantic_complete for one in fields); "
        "assert not JobDocument.__pydantic_complete__"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=True)


def test_many_who_use_a_model_first_find_it_prepared() -> None:
    class Inner(Schema):
        value: int = Field(ge=1)

    class Outer(Schema):
        inner: list[Inner]

    together = Barrier(8)

    def use(value: int) -> int:
        together.wait()
        return Outer.model_validate({"inner": [{"value": value}]}).inner[0].value

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(use, range(1, 9))) == list(range(1, 9))
    with pytest.raises(ValidationError):
        Outer.model_validate({"inner": [{"value": 0}]})


def test_queries_are_prepared_at_the_start() -> None:
    # Later, FastAPI's own use of them would be warned of.
    code = (
        "import app.app; from fastapi.routing import APIRoute; from pydantic import BaseModel; "
        "routes = [route for route in app.app.app.routes if isinstance(route, APIRoute)]; "
        "fields = [field.field_info.annotation for one in routes for field in one.dependant.query_params]; "
        "models = {kind for kind in fields if isinstance(kind, type) and issubclass(kind, BaseModel)}; "
        "assert len(models) > 3; assert all(model.__pydantic_complete__ for model in models), models"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=True)
