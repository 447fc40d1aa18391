"""Leave out the rings that people draw around a number."""

from .components import Component, enclosing_box
from .marks import MIN_SLASH_LEAN, lean_of_stroke, share_of_directions

# A single mark inside a ring is at least this share of its height; the dot in a 0 is not. Several
# marks may be lower.
MIN_CONTENT = 0.3
MIN_CONTENTS = 0.15
# A ring lies in this share of the directions from the middle of what it surrounds; it may be open.
# The outer stroke of a 6 lies around less of its loop.
MIN_SURROUNDED = 0.7


def without_rings(components: list[Component]) -> list[Component]:
    """Return the components without those that surround others."""
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
    middle = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return share_of_directions(component, *middle) >= MIN_SURROUNDED


def _belongs_to_zero(mark: Component, height: float) -> bool:
    """Return whether a single mark may be the dot or the slash of a 0 of this height."""
    lean = lean_of_stroke(mark)
    return mark.box.height < MIN_CONTENT * height or (lean is not None and lean >= MIN_SLASH_LEAN)
