"""Attempts to break cleaner: kills, faults, hostile input, long runs. `make torture`."""
