"""Pictures of what was measured; they need `edgemeter[plots]`."""
