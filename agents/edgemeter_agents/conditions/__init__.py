"""The state of the machine around a measurement: clocks, temperature, load, versions."""
