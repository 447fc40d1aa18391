"""Where MNIST lies on the machines that have it; tests that need it skip elsewhere."""

from pathlib import Path

import pytest

MNIST = Path(__file__).parents[2] / "shared" / "data" / "mnist.npz"
needs_mnist = pytest.mark.skipif(not MNIST.exists(), reason=f"needs MNIST at {MNIST}")
