"""The service: one folder for each domain (endpoints, service, repository, tables)."""
