"""Campaigns: whole search spaces measured on targets, and the tables that this leaves."""
