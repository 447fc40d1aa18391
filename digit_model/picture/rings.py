"""Leave out the rings that people draw around a number."""

from .components import Component, enclosing_box
from .marks import lean_of_slash, share_of_directions

# A single mark inside a ring is at least this share of its height; the dot in a 0 is not. Several
# marks may be lower.
MIN_CONTENT = 0.3
MIN_CONTENTS = 0.15
# The ring's share of all directions, seen from the middle of what is inside. It may be open. The
# outer stroke of a 6 goes around less of its loop.
MIN_SURROUNDED = 0.7


def without_rings(components: list[Component]) -> list[Component]:
    """Return the components except for the rings around others."""
    return [component for component in components if not _is_ring(component, components)]


def _is_ring(component: Component, components: list[Component]) -> bool:
    height = component.box.height
    content = [
        other
        for other in components
        if component.box.surrounds(other.box) and other.box.height >= MIN_CONTENTS * height
    ]
    if not content or (len(content) == 1 and _belongs_to_zero(content[0], height)):
        return False
    box = enclosing_box(mark.box for mark in content)
    return share_of_directions(component, *box.middle) >= MIN_SURROUNDED


def _belongs_to_zero(mark: Component, height: float) -> bool:
    """Return whether a single mark may be the dot or the slash of a 0 of this height."""
    return mark.box.height < MIN_CONTENT * height or lean_of_slash(mark) is not None
