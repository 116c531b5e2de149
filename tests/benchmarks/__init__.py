"""Runs that take labelled corpora or minutes: calibration. Not collected by `make test`."""
