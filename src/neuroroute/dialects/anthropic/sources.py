"""Where pictures and files are: addresses to and from this language's sources."""

import re
from base64 import b64decode, b64encode
from typing import Final, TypeAlias

from msgspec import Struct

_DATA: Final = re.compile(r"data:(?P<type>[^;,]+)(?:;[^;,]+)*?;base64,", re.IGNORECASE)
_PLAIN: Final = "text/plain"


class ReadSource(Struct):
    """As a caller says it."""

    type: str
    media_type: str | None = None
    data: str | None = None
    url: str | None = None

    def as_url(self) -> str | None:
        """`None` for what no other language can say: files that are kept at the provider, blocks as a source."""
        match self:
            case ReadSource(type="url", url=str(url)):
                return url
            case ReadSource(type="base64", media_type=str(media_type), data=str(data)):
                return f"data:{media_type};base64,{data}"
            case ReadSource(type="text", data=str(data)):
                return f"data:{_PLAIN};base64,{b64encode(data.encode()).decode()}"
            case _:
                return None


class Base64Source(Struct, tag_field="type", tag="base64"):
    """What is in the request itself."""

    media_type: str
    data: str


class TextSource(Struct, tag_field="type", tag="text"):
    """Text, which is always plain."""

    data: str
    media_type: str = _PLAIN


class UrlSource(Struct, tag_field="type", tag="url"):
    """An address, for the provider to fetch."""

    url: str


Source: TypeAlias = Base64Source | TextSource | UrlSource


def image_source(url: str) -> Source:
    """As a provider is told of an image."""
    if found := _DATA.match(url):
        return Base64Source(found["type"], url[found.end() :])
    return UrlSource(url)


def document_source(url: str) -> Source:
    """Likewise of a document: files of text are told as their text, as no other kind of source takes them."""
    source = image_source(url)
    if isinstance(source, Base64Source) and source.media_type.startswith("text/"):
        try:
            return TextSource(b64decode(source.data, validate=True).decode())
        except ValueError:  # not base64, or not UTF-8: the provider says so better than we could
            return source
    return source
