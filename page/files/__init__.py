"""Read many files at once into a table."""
