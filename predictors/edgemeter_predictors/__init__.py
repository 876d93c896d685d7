"""Cost models: features, fitting, intervals, calibration, saving and loading.

Arrays in, arrays out: nothing here reads a file, a clock, the network or a variable of the process.

A `CostModel` (contract.py) is a recipe with its settings. `fit` gives a `Fitted`, which predicts.
`judging` asks what its errors are on networks that it has not seen, and how wide its interval must be.
`saving` writes all of that as bytes and reads it back.
"""
