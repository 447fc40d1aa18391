"""LabelledImages tiles: MNIST and other sources, visitors' corrections, and augmentation."""
