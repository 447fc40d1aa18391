"""Read a drawing, a picture or a camera frame, and show the answer."""
