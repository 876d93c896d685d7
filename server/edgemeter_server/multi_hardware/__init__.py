"""Networks compared over several targets: normalised metrics and Pareto fronts."""
