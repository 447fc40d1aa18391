"""Compare the available models and choose which one answers."""
