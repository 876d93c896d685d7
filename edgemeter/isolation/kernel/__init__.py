"""What Linux offers for confinement and Python 3.11 does not expose, one mechanism per file."""
