"""`RemoteMonitor` and a server of our own."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import numpy as np
import pytest

from convlayers.callbacks import RemoteMonitor


@pytest.fixture
def server():
    """A server that keeps what it gets, as (path, headers, body), and answers with `server.status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            server.requests.append((self.path, self.headers, body))
            self.send_response(server.status)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.requests, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def url(server):
    return f"http://127.0.0.1:{server.server_port}"


def test_logs_are_sent_in_a_form(server):
    RemoteMonitor(url(server), headers={"X-Key": "7"}).on_epoch_end(3, {"loss": 0.5, "mae": np.float32(0.25), "n": np.array(2)})
    ((path, headers, body),) = server.requests
    assert path == "/publish/epoch/end/" and headers["X-Key"] == "7"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert json.loads(parse_qs(body)["data"][0]) == {"epoch": 3, "loss": 0.5, "mae": 0.25, "n": 2}


def test_logs_are_sent_as_json(server):
    RemoteMonitor(url(server), path="/logs", send_as_json=True).on_epoch_end(0, {"loss": 0.5})
    ((path, headers, body),) = server.requests
    assert path == "/logs" and headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"epoch": 0, "loss": 0.5}


def test_the_answer_does_not_matter(server):
    server.status = 500
    RemoteMonitor(url(server)).on_epoch_end(0, {"loss": 0.5})
    assert len(server.requests) == 1


def test_a_server_that_cannot_be_reached_is_worth_a_warning():
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        root = url(closed)
    with pytest.warns(UserWarning, match=f"Could not reach RemoteMonitor root server at {root}"):
        RemoteMonitor(root).on_epoch_end(0, {"loss": 0.5})
