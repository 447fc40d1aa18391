"""The static page: its modules, and what puts them into a folder."""
