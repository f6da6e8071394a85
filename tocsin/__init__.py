"""Tocsin watches the news and rings when a text matches what its readers asked for."""

__version__ = "0.1.0"
