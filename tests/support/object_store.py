"""An object store on loopback that speaks as much of S3 as reading, listing and writing take."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_CHANGED = "Mon, 01 Jan 2024 00:00:00 GMT"
_OBJECT = (
    "<Contents><Key>{key}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
    "<ETag>&quot;{tag}&quot;</ETag><Size>{size}</Size></Contents>"
)


class ObjectStore:
    """Objects by bucket and key; `address` is where they are.

    Attributes:
        objects: Contents by ``bucket/key``.
        requests: The paths that were asked for, in order.
        creates_only_new: Whether it heeds "If-None-Match", as old ones do not.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.address = ""
        self.creates_only_new = True
        self.lock = threading.Lock()

    @property
    def options(self) -> dict[str, str]:
        """What Polars has to know of it."""
        return {
            "aws_endpoint_url": self.address,
            "aws_allow_http": "true",
            "aws_access_key_id": "key",
            "aws_secret_access_key": "not to be shown",
            "aws_region": "us-east-1",
        }


@contextlib.contextmanager
def object_store() -> Iterator[ObjectStore]:
    """Start a store on a free port of its own."""
    store = ObjectStore()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"store": store}))
    store.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield store
    server.shutdown()
    server.server_close()
    thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: ObjectStore

    def log_message(self, *_: object) -> None:
        """Write nothing."""

    def do_PUT(self) -> None:
        path = unquote(urlsplit(self.path).path).strip("/")
        content = self.rfile.read(int(self.headers["Content-Length"]))
        only_new = self.headers.get("If-None-Match") == "*" and self.store.creates_only_new
        with self.store.lock:
            is_new = path not in self.store.objects
            if is_new or not only_new:
                self.store.objects[path] = content
        self._send(200 if is_new or not only_new else 412, b"", {}, with_body=True)

    def do_DELETE(self) -> None:
        self.store.objects.pop(unquote(urlsplit(self.path).path).strip("/"), None)
        self._send(204, b"", {}, with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        address = urlsplit(self.path)
        path, query = unquote(address.path).strip("/"), parse_qs(address.query)
        self.store.requests.append(path)
        if "list-type" in query:
            self._send(200, _listing(self.store, path, query.get("prefix", [""])[0]), {}, with_body)
        elif path in self.store.objects:
            self._send_object(self.store.objects[path], with_body=with_body)
        else:
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>", {}, with_body)

    def _send_object(self, content: bytes, *, with_body: bool) -> None:
        headers = {
            "ETag": f'"{len(content)}"',
            "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT",
        }
        wanted = self.headers.get("Range", "").removeprefix("bytes=")
        if not wanted:
            self._send(200, content, headers, with_body)
            return
        first, _, last = wanted.partition("-")
        begin = int(first) if first else max(0, len(content) - int(last))
        end = min(int(last), len(content) - 1) if first and last else len(content) - 1
        headers["Content-Range"] = f"bytes {begin}-{end}/{len(content)}"
        self._send(206, content[begin : end + 1], headers, with_body)

    def _send(self, status: int, body: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def _listing(store: ObjectStore, bucket: str, prefix: str) -> bytes:
    found = [
        _OBJECT.format(key=escape(key), tag=len(content), size=len(content))
        for name, content in sorted(store.objects.items())
        if (key := name.removeprefix(f"{bucket}/")) != name and key.startswith(prefix)
    ]
    text = (
        f"<ListBucketResult><Name>{bucket}</Name><KeyCount>{len(found)}</KeyCount>"
        f"<IsTruncated>false</IsTruncated>{''.join(found)}</ListBucketResult>"
    )
    return text.encode()
