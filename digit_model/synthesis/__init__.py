"""Synthetic images drawn by our own code: digits, outliers, scenes, and example pictures."""
