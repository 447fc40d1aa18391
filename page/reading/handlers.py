"""Handle drawings, uploads, photographs, and choices of a bar or a heatmap.

In the page process: pictures go on to a reader process, and come back as HTML.
"""

from collections.abc import Callable

from digit_model.errors import DigitError

from .. import data_urls
from ..reader import Answer, Readers
from ..sharing import link
from ..texts import text
from . import answer
from .recent import RecentViews
from .steps import no_steps

# The answer and the pictures in HTML, and the key of the view that they show.
Shown = tuple[str, str, str | None]


class Handlers:
    """The events of the page as methods.

    Each returns the answer and the pictures as HTML, and the key of the view that they show.
    method: how to make the heatmaps, where the model can. model: the key of the one that answers.
    view: the key of what this visitor has looked at so far.
    """

    def __init__(self, readers: Readers, views: RecentViews):
        self._readers, self._views = readers, views

    def read(
        self,
        way: str,
        picture: str | None,
        method: str | None = None,
        model: str | None = None,
        view: str | None = None,
    ) -> Shown:
        """Answer what arrived on one of the ways in: "pad", "image" or "camera".

        picture: a PNG, a file or a JPEG in a data: URL, a link that was opened on the pad, or
        nothing.
        """
        if way == "pad" and picture and picture.startswith(link.PREFIX):
            return self._show(method, model, view, link=picture.removeprefix(link.PREFIX))
        content = data_urls.content_of(picture)
        if not content:
            return _nothing(way)
        title = "reading.file_problem" if way == "image" else "reading.problem"
        return self._show(method, model, view, content, title=title)

    def choose(
        self, view: str | None, method: str | None, model: str | None, choice: dict
    ) -> tuple[str, str, str | None, str | None]:
        """Show another mark's bars, what speaks for another digit, or another kind of heatmap.

        choice: as the browser sent it. Returns the method, too.
        """
        seen = self._views.get(view)
        if seen is None:
            return *_problem(text("reading.forgotten")), method

        def ask() -> Answer:
            return self._readers.ask("choose", model, seen, choice=choice)

        return *self._shown(ask, view), choice.get("method", method)

    def look(self, frame: str | None, model: str | None = None) -> str:
        """Return what a frame of the camera says, or "" if it shows no digits or unclear ones."""
        jpeg = data_urls.content_of(frame)
        try:
            return self._readers.ask("look", model, jpeg).values["text"] if jpeg else ""
        except DigitError:
            return ""  # The next frame may be better, and the page says what to do.

    def steps(self, picture: str | None, model: str | None = None) -> str:
        """Return the steps of the reading as HTML. picture: as ``read`` takes it."""
        content = data_urls.content_of(picture)
        if not content:
            return no_steps(text("steps.no_picture"))
        try:
            return self._readers.ask("steps", model, content).values["html"]
        except DigitError as error:
            return no_steps(str(error))

    def _show(
        self,
        method: str | None,
        model: str | None,
        view: str | None,
        *picture: bytes,
        title: str = "reading.problem",
        **where: str,
    ) -> Shown:
        def ask() -> Answer:
            return self._readers.ask("show", model, *picture, method=method, **where)

        return self._shown(ask, view, title)

    def _shown(
        self, ask: Callable[[], Answer], view: str | None, title: str = "reading.problem"
    ) -> Shown:
        if not self._readers.is_ready:
            return answer.getting_ready(), answer.no_pictures(), view
        try:
            html, views = ask()
        except DigitError as error:
            return _problem(str(error), title)
        if not views:
            return _nothing("pad")
        return html["answer"], html["pictures"], self._views.keep(views[0], view)


def _problem(sentence: str, title: str = "reading.problem") -> Shown:
    return answer.problem(sentence, title), answer.no_pictures(), None


def _nothing(way: str) -> Shown:
    title, hint = text(f"reading.{way}_empty"), text(f"reading.{way}_empty_hint")
    return answer.empty(title, hint), answer.no_pictures(), None
