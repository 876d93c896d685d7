"""Commands that fit, judge and ask predictors. Here is the only I/O of this package."""
