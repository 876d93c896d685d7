"""The measuring core: a pure function of a clock and a runnable."""
