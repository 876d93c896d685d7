"""Cost models: features, fitting, intervals, calibration, saving and loading."""
