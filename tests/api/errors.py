"""The error bodies of SweetConnect (contract 1.0), byte for byte."""

import json

MESSAGES = {
    "BadRequest": (400, "The request payload is invalid."),
    "Unauthorized": (401, "Authentication is required to access this resource."),
    "NoPermission": (403, "You do not have permission to access this resource."),
    "NotFound": (404, "The requested resource was not found."),
    "Conflict": (409, "A conflict occurred due to duplicate data or resource state issues."),
    "TooManyRequests": (429, "Too many requests were sent."),
    "InvalidMimeType": (400, "The uploaded file type is not supported. "
                             "Allowed types: image/jpeg, image/png, image/webp."),
}
ALLOWED_TYPES = {"allowedMimeTypes": ["image/jpeg", "image/png", "image/webp"]}


def body(code, message, extension):
    entry = {"errorCode": code, "message": message, "extension": extension}
    return json.dumps({"errors": [entry]}, separators=(",", ":")).encode()


def assert_error(answer, code):
    """`answer` is exactly the error of that code. BadRequest may say in extension which field."""
    status, message = MESSAGES[code]
    assert answer.status_code == status, (answer.status_code, answer.content)
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    extension = ALLOWED_TYPES if code == "InvalidMimeType" else {}
    if code == "BadRequest":
        extension = answer.json()["errors"][0]["extension"]
        assert set(extension) <= {"field"}, extension
    assert answer.content == body(code, message, extension)
    if code == "Unauthorized":
        assert answer.headers["WWW-Authenticate"].split(" ")[0] == "Bearer"  # X6


def number(value):
    """A size in MB as the message prints it: two decimals, trailing zeros dropped (P5)."""
    return round(value / 1048576 * 100) / 100


def assert_too_large(answer, size, maximum=10 * 1048576):
    current, limit = number(size), number(maximum)
    plain = [int(x) if x == int(x) else x for x in (limit, current)]
    message = (f"Uploaded file exceeds the maximum allowed size of {plain[0]}MB. "
               f"Current file size: {plain[1]}MB.")
    assert answer.status_code == 400
    assert answer.content == body("FileTooLarge", message,
                                  {"maxFileSize": plain[0], "currentFileSize": plain[1]})
