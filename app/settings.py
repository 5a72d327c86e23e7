"""Settings of a deployment."""

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from app.environment import check_environment
from app.memory_limit import available_memory
from app.models.references import FORMS, parse
from app.storage import open_store
from kohonen.analysis.metrics import METRICS
from kohonen.engines.cores import cores

__all__ = ["MIN_KEY", "Settings"]

#: The longest of the times in days.
MAX_DAYS = 20_000
#: Characters of an API key, at least.
MIN_KEY = 16
_KEY = re.compile(rf"[\x21-\x2b\x2d-\x7e]{{{MIN_KEY},}}")
_ORIGIN = re.compile(r"\*|https?://[^\s/?#,]+")


class Settings(BaseSettings):
    """Read from environment variables: ``SOM_`` and the name in capitals, unless the field has an alias.

    They limit what may be asked for; they never change what a request means.
    """

    model_config = SettingsConfigDict(
        env_prefix="SOM_",
        env_ignore_empty=True,
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,
    )

    host: str = Field("127.0.0.1", validation_alias="HOST", description="Address to listen on.")
    port: int = Field(5000, ge=0, le=65535, validation_alias="PORT", description="Port to listen on.")
    store: str = Field(
        "file:./models",
        description="Where models are stored: `file:FOLDER`, `s3://BUCKET/PREFIX`, or `memory:`, which keeps "
        "them until the process ends.",
    )
    s3_endpoint: str | None = Field(None, description="URL of an S3 server other than Amazon's.")
    public_s3_endpoint: str | None = Field(
        None, description="URL under which callers reach the S3 server that downloads redirect to."
    )
    environment: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="Name of this deployment (dev, prod), shown in model cards; by default the last part of "
        "an S3 store's prefix, which separates deployments, or `local`.",
    )
    served_model: str = Field(
        "latest",
        description="The model behind `/model-info` and `/predict-bmu`: `latest`, `best`, a name, or an id.",
    )
    metric_key: str = Field(
        "quantization_error",
        validation_alias="METRIC_KEY",
        description=f"Metric that decides which model is the best: {', '.join(METRICS)}.",
    )
    metric_ascending: bool = Field(
        True, validation_alias="METRIC_ASCENDING", description="Whether the smallest value is the best."
    )
    unnamed_days: float | None = Field(
        None, gt=0, le=MAX_DAYS, description="Days that models without a name are kept. None: for ever."
    )
    max_stored_bytes: int | None = Field(
        None,
        ge=1,
        description="Bytes of the weights of all models together. None: 100 GB, or a quarter of SOM_MEMORY "
        "for a store in memory.",
    )
    max_body_bytes: int = Field(32 * 2**20, ge=1, description="Bytes of a request's body.")
    max_answer_bytes: int | None = Field(
        None,
        ge=1,
        description="Bytes of an answer; a larger download is a redirect to the store. None: any size.",
    )
    max_side: int = Field(2_000, ge=1, description="Units of a map's width, and of its height.")
    max_units: int = Field(1_000_000, ge=1, description="Units of a map.")
    max_weights: int = Field(
        10_000_000, ge=1, description="Weights of a map: its units times the values of a sample."
    )
    max_samples: int = Field(
        10_000, ge=1, description="Samples of a request. A table may have those of a job."
    )
    max_vectors: int = Field(200_000, ge=1, description="Vectors of a prediction.")
    max_dimension: int = Field(1_024, ge=1, description="Values of a sample.")
    max_iterations: int = Field(1_000_000, ge=1, description="Iterations of a training.")
    max_training_seconds: float = Field(
        25.0, gt=0, description="Estimated seconds of a training in a request, and its deadline."
    )
    max_picture_pixels: int = Field(16_000_000, ge=1, description="Pixels of a picture.")
    trainings: int = Field(
        default_factory=cores,
        ge=1,
        description="Trainings at a time; by default one per core.",
    )
    waiting_trainings: int = Field(16, ge=0, description="Trainings that may wait.")
    reads: int = Field(
        default_factory=cores,
        ge=1,
        description="Large views, reports, predictions and downloads at a time; by default one per core.",
    )
    waiting_reads: int = Field(
        16,
        ge=0,
        le=24,
        description="Of these, those that may wait; each waits in a thread, of which there are 40.",
    )
    memory: int = Field(
        default_factory=available_memory,
        ge=2**24,
        description="Bytes of memory for these, and for bodies; by default what the limit of the container "
        "or of the function leaves beside 256 MiB for the process, or half of the machine's.",
    )
    max_connections: int = Field(
        500, ge=1, description="Connections of `python -m app serve`; below the limit of open files."
    )
    queue: str = Field(
        "local:",
        pattern=r"^(local:|none:|https?://.+)$",
        description="Queue of jobs: `local:`, worker processes of this server; the URL of an SQS queue; or "
        "`none:`, no jobs.",
    )
    job_store: str | None = Field(
        None, description="Where jobs are stored, in the forms of SOM_STORE; None: where the models are."
    )
    workers: int = Field(
        default_factory=cores,
        ge=0,
        description="Worker processes of this server; by default one per core. Of several servers on one "
        "host that share a store, one has workers at a time. 0: none; run `python -m app worker` instead.",
    )
    job_days: float = Field(
        30.0,
        gt=0,
        le=MAX_DAYS,
        description="Days that jobs which have ended are kept, where workers are processes; in a bucket, set "
        "a lifecycle rule to the same.",
    )
    max_jobs: int = Field(
        1_000,
        ge=1,
        description="Jobs that may be unfinished, approximately; over it: 503 with `Retry-After`.",
    )
    max_job_samples: int = Field(1_000_000, ge=1, description="Samples of a job.")
    max_job_seconds: float = Field(6 * 3600.0, gt=0, description="Estimated seconds of a job.")
    max_iteration_seconds: float = Field(
        200.0,
        gt=0,
        description="Estimated seconds of one iteration of a job, which is saved between iterations.",
    )
    max_job_attempts: int = Field(5, ge=1, description="Attempts of a job without progress, before it fails.")
    max_job_slices: int = Field(1_000, ge=1, description="Slices of a job.")
    max_wait_seconds: float = Field(
        20.0, ge=0, description="Seconds that a request may wait for a job to end; 0: no request waits."
    )
    slice_seconds: float = Field(120.0, gt=0, description="Seconds that a worker spends on a job at a time.")
    checkpoint_seconds: float = Field(
        10.0, gt=0, description="Minimum number of seconds between two checkpoints of a job."
    )
    lease_seconds: float = Field(
        20.0,
        gt=0,
        le=3600,
        description="Seconds after which another worker takes over the job of a worker that has died.",
    )
    retry_seconds: float = Field(
        5.0, ge=0, description="Seconds until a job that failed is started again, doubled every time."
    )
    api_key: SecretStr | None = Field(
        None,
        description=f"Key that callers send as `X-API-Key`, of at least {MIN_KEY} characters, or two while "
        "they are exchanged, separated by a comma. None: everybody may call.",
    )
    root_path: str = Field(
        "",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="Prefix of all paths in public URLs, behind a proxy (`/som`); the proxy may remove it.",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins whose pages may call the API (CORS), separated by commas; `*` for all."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Format of the log: `text`, or `json` with metrics."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Level of the log; requests are logged at info, /health at debug."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment only: every other source would look up each field in vain."""
        return init_settings, env_settings

    @model_validator(mode="before")
    @classmethod
    def _environment(cls, values: object) -> object:
        known = {
            str(field.validation_alias or f"SOM_{name}").upper() for name, field in cls.model_fields.items()
        }
        check_environment(known)
        return values

    @field_validator("store", "job_store")
    @classmethod
    def _store(cls, value: str | None) -> str | None:
        if value is not None:
            open_store(value)
        return value

    @field_validator("api_key")
    @classmethod
    def _keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            keys = value.get_secret_value().split(",")
            if len(keys) > 2 or not all(map(_KEY.fullmatch, keys)):
                raise ValueError(
                    f"a key has at least {MIN_KEY} characters of ASCII without spaces and commas, and there "
                    "are at most two, separated by a comma"
                )
        return value

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(origin.strip() for origin in value.split(",") if origin.strip())
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is not an origin: use https://HOST or https://HOST:PORT, without a path or "
                    "a slash at the end, or *"
                )
        return value

    @field_validator("served_model")
    @classmethod
    def _reference(cls, value: str) -> str:
        if parse(value) is None:
            raise ValueError(f"{value!r} is not a reference to a model: use {FORMS}")
        return value

    @field_validator("metric_key")
    @classmethod
    def _metric(cls, value: str) -> str:
        if value not in METRICS:
            raise ValueError(f"{value!r} is not a metric: use one of {', '.join(METRICS)}")
        return value

    @property
    def api_keys(self) -> tuple[str, ...]:
        """The keys of which callers need one; none if everybody may call."""
        return () if self.api_key is None else tuple(self.api_key.get_secret_value().split(","))

    @property
    def stored_bytes(self) -> int:
        """The bytes of weights that may be stored."""
        if self.max_stored_bytes is not None:
            return self.max_stored_bytes
        return self.memory // 4 if self.store == "memory:" else 100 * 10**9

    @property
    def deployment(self) -> str:
        """The name of this deployment."""
        if self.environment is not None:
            return self.environment
        scheme, _, place = self.store.partition("://")
        prefix = place.partition("/")[2].rstrip("/") if scheme == "s3" else ""
        return prefix.rpartition("/")[2] or "local"
