"""Search spaces: layers, the operators that may stand there, and architectures as rows of codes."""
