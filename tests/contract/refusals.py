"""The one shape of every error (CONTRACT.md 1)."""

import time

import httpx


def assert_refused(response: httpx.Response, status: int, code: str, *, loc: list | None = None) -> dict:
    """The body, after looking at all that an error must say."""
    assert response.status_code == status, response.text[:300]
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-error-code"] == code
    body = response.json()
    assert body.keys() == {"detail", "timestamp", "request_id", "code"}
    assert body["code"] == code
    assert body["request_id"] == response.headers["x-request-id"]
    assert abs(body["timestamp"] - time.time()) < 60
    if code == "validation_error":
        assert body["detail"]
        assert all(item.keys() == {"type", "loc", "msg"} and item["loc"] and item["msg"] for item in body["detail"])
        if loc is not None:
            assert loc in [item["loc"] for item in body["detail"]]
    else:
        assert isinstance(body["detail"], str)
        assert body["detail"]
    return body
