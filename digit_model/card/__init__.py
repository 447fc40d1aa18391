"""The model card: its text, its figures, and the scores it may claim."""
