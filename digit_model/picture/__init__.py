"""Pixels in, tiles out: no Keras and no JAX below this door."""
