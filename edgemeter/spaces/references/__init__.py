"""Well-known networks as one space: what new architectures are compared with."""
