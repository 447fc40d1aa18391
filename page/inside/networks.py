"""The networks that were exported for browsers: called in the reader process."""

import threading
from collections import OrderedDict

from digit_model.export import pack
from digit_model.pretrained import Pretrained

# An ensemble's weights take 5 MB.
MAX_EXPORTED = 4


class ExportedNetworks:
    """Exports by the sha256 of their checkpoint, the newest ones kept; safe to use from threads."""

    def __init__(self) -> None:
        self._exported: OrderedDict[str, tuple[dict, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, model: Pretrained) -> tuple[dict, bytes]:
        """Return the content of model.json and the weights.

        Raises DigitError if the network has a layer that browsers cannot run.
        """
        sha256 = model.checkpoint.sha256
        with self._lock:
            if sha256 not in self._exported:
                self._exported[sha256] = pack(model.checkpoint, model.source)
            self._exported.move_to_end(sha256)
            while len(self._exported) > MAX_EXPORTED:
                self._exported.popitem(last=False)
            return self._exported[sha256]
