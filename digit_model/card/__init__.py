"""The model card: its text, its figures, and the scores that it may state."""
