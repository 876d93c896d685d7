"""The agent: runtimes, the measuring core, conditions and visits."""
