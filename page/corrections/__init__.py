"""Let visitors correct an answer, and store their corrections."""
