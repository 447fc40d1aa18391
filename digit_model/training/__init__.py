"""MNIST in, weights out."""
