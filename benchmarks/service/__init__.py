"""The service's figures: a real server process, called over authenticated HTTP by processes of their own."""
