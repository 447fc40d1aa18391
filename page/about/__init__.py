"""What this page is: its source, the walk-through, its limits, and what happens with pictures."""
