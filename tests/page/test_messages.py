"""Messages between the processes: JSON and bytes, as they were."""

from hypothesis import given
from hypothesis import strategies as st

from page.messages import pack, unpack

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.text().filter(lambda key: key != "sizes"), values, max_size=4),
    st.lists(st.binary(max_size=50), max_size=4),
)
def test_a_message_comes_back(content, attachments):
    assert unpack(pack(content, attachments)) == (content, attachments)
