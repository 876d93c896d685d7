"""Networks that agents build from a code: stored, and what their files turned out to be."""
