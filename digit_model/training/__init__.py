"""Turn MNIST and a recipe into trained weights."""
