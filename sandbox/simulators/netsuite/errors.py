"""SuiteTalk's error bodies."""

from __future__ import annotations

from starlette.responses import Response

from sandbox.simulators.base import json_response

_RFC = "https://www.rfc-editor.org/rfc/rfc9110.html#section-"
_TITLES = {
    400: ("15.5.1", "Bad Request"),
    401: ("15.5.2", "Unauthorized"),
    403: ("15.5.4", "Forbidden"),
    404: ("15.5.5", "Not Found"),
    405: ("15.5.6", "Method Not Allowed"),
    429: ("15.5.1", "Bad Request"),
    500: ("15.6.1", "Internal Server Error"),
}


class ApiError(Exception):
    """A refusal with NetSuite's own code; `path` names the field as `item.items[0].item`."""

    def __init__(
        self, status: int, code: str, detail: str, *, path: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.path = path
        self.headers = headers or {}

    def body(self) -> dict[str, object]:
        """The problem document."""
        section, title = _TITLES[self.status]
        details = {"detail": self.detail, "o:errorCode": self.code}
        if self.path:
            details["o:errorPath"] = self.path
        body: dict[str, object] = {"type": _RFC + section, "title": title, "status": self.status}
        if self.status == 429:
            body["o:errorCode"] = "USER_ERROR"
        return body | {"o:errorDetails": [details]}

    def response(self) -> Response:
        """As an HTTP answer."""
        answer = json_response(self.body(), self.status, self.headers)
        answer.headers["Content-Type"] = "application/vnd.oracle.resource+json; type=error; charset=UTF-8"
        return answer


def invalid_content(detail: str, path: str) -> ApiError:
    """400 for a value that does not fit its field."""
    return ApiError(400, "INVALID_CONTENT", f"Error while accessing resource: {detail}", path=path)


def user_error(detail: str) -> ApiError:
    """400 for a business rule."""
    return ApiError(400, "USER_ERROR", f"Error while accessing resource: {detail}")


def bad_query(detail: str) -> ApiError:
    """400 for a SuiteQL text the engine cannot run."""
    return ApiError(
        400,
        "INVALID_PARAMETER",
        f"Invalid search query. Detailed unprocessed description follows. Search error occurred: {detail}",
    )
