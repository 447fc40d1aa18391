import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digit_model.picture.levels import median


@given(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=1))
def test_the_median_is_numpys(values):
    assert median(np.array(values)) == np.median(values)
