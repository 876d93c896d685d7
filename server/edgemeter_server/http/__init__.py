"""What all endpoints share: problems, limits, identity, paging."""
