"""What a search compares networks by: metrics over several targets, and Pareto fronts of them."""
