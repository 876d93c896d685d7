"""What agents, clients and server say to each other over HTTP.

Messages are immutable. What is sent to the server is checked strictly; what it answers may gain
fields, so that an old client understands a new server. Instants are UTC, ISO 8601; durations are
seconds and say so; identifiers are integers, slugs or sha256 in hex.
"""
