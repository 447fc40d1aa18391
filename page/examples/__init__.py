"""Pictures to try: drawn by make.py, kept as files."""
