"""What is promised about predictors: their errors, intervals and speed."""
