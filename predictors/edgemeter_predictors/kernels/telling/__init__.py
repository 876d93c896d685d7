"""Rules of fusion, learnt from the networks of a campaign: a file's graph in, the engine's kernels out."""
