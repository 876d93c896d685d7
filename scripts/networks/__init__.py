"""Descriptions of the networks that ship with the project, and the writers of their files."""
