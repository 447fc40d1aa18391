"""Share a drawing or a reading as a link."""
