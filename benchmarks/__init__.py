"""What EdgeMeter promises about speed and accuracy, each a command that prints its figures."""
