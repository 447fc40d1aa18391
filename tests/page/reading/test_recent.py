"""Views that the page process holds: by keys, for an hour, within bounds."""

import time

from page.reading.recent import RecentViews


def test_a_view_is_there_under_its_key_only():
    views = RecentViews()
    key = views.keep(b"a view")
    assert views.get(key) == b"a view"
    for other in (None, "", key[:-1], "unknown"):
        assert views.get(other) is None


def test_a_later_view_takes_the_place_of_the_one_before():
    views = RecentViews()
    key = views.keep(b"first")
    assert views.keep(b"second", key) == key
    assert views.get(key) == b"second"


def test_a_key_that_was_made_up_is_not_used():
    views = RecentViews()
    assert views.keep(b"a view", "made up") != "made up"
    assert views.get("made up") is None


def test_the_oldest_views_make_room():
    views = RecentViews(max_bytes=100)
    keys = [views.keep(bytes(40)) for _ in range(5)]
    assert [views.get(key) is not None for key in keys] == [False, False, False, True, True]


def test_a_view_is_forgotten_after_its_time():
    views = RecentViews(max_age=0.05)
    key = views.keep(b"a view")
    time.sleep(0.1)
    assert views.get(key) is None
