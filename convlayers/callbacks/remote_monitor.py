import contextlib
import json
import warnings

import numpy as np

from convlayers.callbacks.callback import Callback


class RemoteMonitor(Callback):
    """Sends the logs of each epoch to a server, by HTTP POST.

    Args:
        root: URL of the server.
        path: string, the path below it.
        field: string, the field of the form that holds the logs as JSON.
        headers: dict of HTTP headers.
        send_as_json: whether to send the logs themselves as "application/json", in place of a form.

    A server that cannot be reached is worth a warning only.

    Example:

    model.fit(x, y, callbacks=[RemoteMonitor("http://localhost:9000")])
    """

    def __init__(
        self,
        root="http://localhost:9000",
        path="/publish/epoch/end/",
        field="data",
        headers=None,
        send_as_json=False,
    ):
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch, logs=None):
        values = {
            name: value.item() if isinstance(value, (np.ndarray, np.generic)) else value for name, value in (logs or {}).items()
        }
        try:
            self._post(json.dumps({"epoch": epoch, **values}))
        except OSError:
            warnings.warn(f"Could not reach RemoteMonitor root server at {self.root}", stacklevel=2)

    def _post(self, text):
        # Imported only here: it takes long.
        from urllib.error import HTTPError
        from urllib.parse import urlencode
        from urllib.request import Request, urlopen

        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else urlencode({self.field: text})
        headers = {"Content-Type": kind, **(self.headers or {})}
        # With an answer of that kind, the server was reached. What it thinks of the logs is its own affair.
        with contextlib.suppress(HTTPError):
            urlopen(Request(self.root + self.path, body.encode(), headers, method="POST")).close()
