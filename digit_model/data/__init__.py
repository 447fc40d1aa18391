"""Load labelled images and corrections, and augment them."""
