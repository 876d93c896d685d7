"""Every setting of the service, typed, in one place. See docs/server.md."""

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


def _of_postgresql(url: str) -> str:
    if re.match(r"postgres(ql)?(\+[a-z0-9]+)?://", url) is None:
        raise ValueError("it begins with postgresql://; unset, the data folder holds a SQLite")
    return url


DatabaseUrl = Annotated[str, AfterValidator(_of_postgresql)]


class Settings(BaseModel):
    """Resolved by `edgemeter.config`: flags, environment (EDGEMETER_SERVER_...), files, these defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_folder: Path = Path("edgemeter-data")
    database_url: DatabaseUrl | None = None  #: postgresql://...; None: SQLite in the data folder
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080  #: 0: any free one, told in the log
    log_format: Annotated[str, Field(pattern="^(text|json)$")] = "text"

    key: SecretStr | None = None  #: 64 hex digits that sign leases; the same for all servers of one database
    key_file: Path | None = None  #: read where `key` is not set; None: made in the data folder
    tls_certificate: Path | None = None  #: PEM, with its chain; needs `tls_key`
    tls_key: Path | None = None
    proxy_headers: str | None = None  #: addresses of proxies whose X-Forwarded headers are true, with commas

    s3_url: str | None = None  #: s3://bucket/prefix for artifacts; None: the data folder
    s3_endpoint: str | None = None  #: of an S3-compatible service other than Amazon's

    max_artifact_bytes: Count = 512 << 20
    max_bulk_bytes: Count = 1 << 30  #: of codes whose latencies are asked for at once
    max_body_bytes: Count = 16 << 20  #: of every other message
    upload_timeout_s: Seconds = 300.0  #: for a whole upload
    stall_timeout_s: Seconds = 20.0  #: without a byte of a body

    lease_s: Seconds = 60.0
    auto_approve: bool = False  #: targets of new devices need no admin
    strikes: Count = 5  #: failures of a device's own, in a row, until its health is bad
    enrolment_s: Seconds = 900.0
    session_lost_s: Seconds = 90.0  #: unheard for so long, a device counts as offline

    fit_here: bool = True  #: fits predictors itself; false: leaves them to `edgemeter worker`
    refit: Annotated[str, Field(pattern="^(never|drift|new)$")] = (
        "drift"  #: new: also when there is enough of it
    )
    refit_new: Count = 20  #: new measurements that are enough,
    refit_share: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.25  #: or this share of those it knows

    requests_per_minute: Count = 6000  #: of one token; agents have ten times as many
    open_jobs_per_project: Count = 1_000_000
    artifact_bytes_per_project: Count = 100 << 30
    keep_samples_days: Count = 90
    keep_idempotency_s: Seconds = 86_400.0

    @model_validator(mode="after")
    def _check_somebody_fits(self) -> Self:
        if not self.fit_here and self.database_url is None:
            raise ValueError(
                "fit_here = false leaves fits to workers, which need PostgreSQL: set database_url"
            )
        return self

    @model_validator(mode="after")
    def _check_tls(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key are given together or not at all")
        return self
