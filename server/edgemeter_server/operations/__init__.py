"""Running the service: health, metrics, logs, backup."""
