"""campaigns, campaign_targets, campaign_items, imports, imported_values."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from edgemeter_server.database.metadata import Key, Microseconds, metadata

#: `plan` is JSON of a CampaignPlan; `builds` the space and its version; `state` a CampaignState.
campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Key, primary_key=True),
    Column("project_id", Key, ForeignKey("projects.id"), nullable=False),
    Column("token_id", Key, ForeignKey("tokens.id"), nullable=False),
    Column("builds", String(200), nullable=False),
    Column("plan", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_us", Microseconds, nullable=False),
    Column("ended_us", Microseconds),
    sqlite_autoincrement=True,
)
Index("ix_campaigns_project_id_id", campaigns.c.project_id, campaigns.c.id)

#: `target_id` is known once a device offers it; then its items are planned. `contexts` is how many
#: operators the space has, of which the plan may hold a sample. `round` counts from 1, see repeating.py;
#: `rounds_over`: nothing is left that a further one would measure anew, whatever other targets still do.
campaign_targets = Table(
    "campaign_targets",
    metadata,
    Column("id", Key, primary_key=True),
    Column("campaign_id", Key, ForeignKey("campaigns.id"), nullable=False),
    Column("slug", String(160), nullable=False),
    Column("target_id", Key, ForeignKey("targets.id")),
    Column("contexts", Integer, nullable=False),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("rounds_over", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("campaign_id", "slug"),
    sqlite_autoincrement=True,
)

#: One network of a campaign on one target, at its `position` in the order of measuring, for a Purpose.
campaign_items = Table(
    "campaign_items",
    metadata,
    Column("campaign_target_id", Key, ForeignKey("campaign_targets.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("artifact_id", Key, ForeignKey("artifacts.id"), nullable=False),
    Column("request_id", Key, ForeignKey("requests.id")),
)

#: Tables of others' measurements. They are kept apart from measurements and never answer a request. `rows` is
#: 0, and the table not there for anybody, until all are stored, and while they are deleted.
imports = Table(
    "imports",
    metadata,
    Column("id", Key, primary_key=True),
    Column("project_id", Key, ForeignKey("projects.id"), nullable=False),
    Column("token_id", Key, ForeignKey("tokens.id"), nullable=False),
    Column("builds", String(200), nullable=False),
    Column("license", String(200), nullable=False),
    Column("source", Text, nullable=False),
    Column("content_sha256", LargeBinary(32), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("created_us", Microseconds, nullable=False),
    UniqueConstraint("project_id", "content_sha256"),
    sqlite_autoincrement=True,
)
Index("ix_imports_builds", imports.c.builds)

#: `text` is the architecture's; `device` and `metric` are the file's own words; `unit` is that of `metric`.
imported_values = Table(
    "imported_values",
    metadata,
    Column("import_id", Key, ForeignKey("imports.id"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("device", String(200), nullable=False),
    Column("metric", String(64), nullable=False),
    Column("value", Float, nullable=False),
    Column("unit", String(16), nullable=False),
)
Index("ix_imported_values_import_id_device", imported_values.c.import_id, imported_values.c.device)
