"""One HTTP/1.1 answer as far as it has arrived: parsed, counted and bounded; no I/O."""

from typing import Final, final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

HEAD_LIMIT: Final = 64 * 1024
"""Most bytes of headers, and of wire bytes in a row that carry no body (a chunk extension without end)."""
INFORMATIONAL_LIMIT: Final = 8
"""Most 1xx answers before the real one."""


class BadResponse(Exception):
    """What came is no answer we can use; the text says why in plain words, without quoting what came."""


@final
class Response:
    """The methods named `on_…` are called by the parser."""

    __slots__ = (
        "_bodiless",
        "_head_bytes",
        "_informational",
        "_limit",
        "_parser",
        "_parts",
        "_refusal",
        "_size",
        "_unfruitful",
        "buffered",
        "complete",
        "framed",
        "headers",
        "reusable",
        "started",
        "status",
    )

    def __init__(self, *, bodiless: bool, limit: int) -> None:
        """`bodiless`: the request was a HEAD. `limit`: most bytes of body that wait to be taken."""
        self.status: int = 0
        """0 until the headers are complete."""
        self.headers: dict[bytes, bytes] = {}
        """By lower-case name; a repeated header is joined by a comma."""
        self.started: bool = False
        """Has a single byte of it arrived?"""
        self.complete: bool = False
        self.framed: bool = False
        """Does a length or a transfer coding tell where it ends?"""
        self.reusable: bool = False
        """May the connection carry another exchange? Known when complete."""
        self.buffered: int = 0
        """Bytes of body that arrived and were not taken yet."""
        self._bodiless = bodiless
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._head_bytes = 0
        self._unfruitful = 0
        self._informational = 0
        self._refusal: BadResponse | None = None
        self._parser: HttpResponseParser | None = HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Raises: BadResponse."""
        self.started = True
        size = self._size
        parser = self._parser
        if parser is None:
            self.reusable = False
            return
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as exc:
            if not self.complete:
                raise self._refusal or BadResponse("the answer is not HTTP") from exc
            self.reusable = False  # the answer is whole; what follows it only spoils the connection
        if self.complete:
            self._parser = (
                None  # parser and callbacks hold each other: without this every exchange is left to the collector
            )
        elif self._size == size:
            self._unfruitful += len(data)
            if self._unfruitful > HEAD_LIMIT:
                raise BadResponse(f"more than {HEAD_LIMIT} bytes of headers")
        else:
            self._unfruitful = 0

    def end(self, error: Exception | None) -> None:
        """No more will come; `error` unless the server closed in good order.

        Raises: BadResponse, if something is missing.
        """
        if self.complete:
            return
        if not self.started:
            raise BadResponse("the connection was closed before an answer came") from error
        if not self.status or self.framed or error is not None:
            raise BadResponse("the connection was cut in the middle of the answer") from error
        self.complete = True
        self._parser = None

    def take(self) -> bytes:
        """The body that arrived since the last call."""
        parts = self._parts
        self.buffered = 0
        if len(parts) == 1:
            return parts.pop()
        body = b"".join(parts)
        parts.clear()
        return body

    def on_message_begin(self) -> None:
        if self.complete:
            self._refuse("more than one answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_LIMIT:
            self._refuse(f"more than {HEAD_LIMIT} bytes of headers")
        if self.status:
            return  # a trailer
        name = name.lower()
        before = self.headers.get(name)
        self.headers[name] = value if before is None else before + b", " + value

    def on_headers_complete(self) -> None:
        parser, headers = self._parser, self.headers
        status = parser.get_status_code() if parser else 0
        if status < 200:
            self._informational += 1
            if status < 100 or self._informational > INFORMATIONAL_LIMIT:
                self._refuse("the answer is not HTTP")
            headers.clear()
            return
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            self._refuse("the answer is compressed though identity was asked for")
        coding = headers.get(b"transfer-encoding")
        if coding is not None and coding.lower() != b"chunked":
            self._refuse("the answer has an unknown transfer coding")
        length = headers.get(b"content-length")
        self.framed = coding is not None or length is not None
        if self._bodiless:
            self.complete = True  # and not reusable: the parser cannot be told that this length announces nothing
        elif length is not None and status not in {204, 304} and int(length) > self._limit:
            self._too_large()
        self.status = status

    def on_body(self, body: bytes) -> None:
        if self.complete:
            return
        size = len(body)
        self._size += size
        self.buffered += size
        if self.buffered > self._limit:
            self._too_large()
        self._parts.append(body)

    def on_message_complete(self) -> None:
        if self.status and not self.complete and self._parser:
            self.complete = True
            self.reusable = self._parser.should_keep_alive()

    def _too_large(self) -> None:
        self._refuse(f"answer larger than {self._limit} bytes")

    def _refuse(self, why: str) -> None:
        # The parser replaces what a callback raises by an error of its own, so it is kept aside.
        self._refusal = BadResponse(why)
        raise self._refusal
