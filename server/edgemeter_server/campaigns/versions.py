"""Campaigns over an upgrade: what was asked for by a version of its protocol that is no more."""

from sqlalchemy import ColumnElement

from edgemeter.protocols import PROTOCOLS
from edgemeter_server.jobs.tables import specs


def outdated() -> ColumnElement[bool]:
    """Of the spec of a campaign's request. Its settings are those of a named protocol, never a user's own."""
    current = [bytes.fromhex(protocol.digest()) for protocol in PROTOCOLS.values()]
    return specs.c.protocol_digest.not_in(current)
