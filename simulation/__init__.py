"""A deterministic simulation: the real server and real agents' state machines on virtual time, with faults.

`python -m simulation --seed 7 --hours 24` replays one run. All happens in one thread; a seed decides all.
"""
