"""Images as a client of contract 3 sends and reads them, and the error envelope of Inventorum."""

import base64
import json
import struct
import zlib

import payloads
from harness import DATA, Client, file_part, form, text_part

GOLDEN = DATA / "golden"
URL_KEYS = ["ipad", "thumb", "image", "ipad_retina", "ebay", "thumb_retina", "original"]
BOXES = {"thumb": (160, 160), "thumb_retina": (320, 320), "ipad": (1024, 768),
         "ipad_retina": (2048, 1536), "ebay": (1600, 1600)}
REQUIRED = "This field is required."
NO_FILE = "No file was submitted. Check the encoding type on the form."
EMPTY = "The submitted file is empty."
NOT_AN_IMAGE = ("Upload a valid image. The file you uploaded was either not an image or a "
                "corrupted image.")


# ---- what is sent ----
def chunk(kind, content):
    return (len(content).to_bytes(4, "big") + kind + content
            + zlib.crc32(kind + content).to_bytes(4, "big"))


def png(width=8, height=6, shade=0):
    """A whole PNG of one grey."""
    rows = (b"\0" + bytes([shade]) * width) * height
    return (payloads.PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def bmp(width=8, height=6):
    """A whole BMP, black."""
    rows = bytes((width * 3 + 3) // 4 * 4 * height)
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(rows), 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54) + head + rows


GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
WEBP = base64.b64decode("UklGRiAAAABXRUJQVlA4TBMAAAAvB0ABAAcQEf0PAAThf9tERP9DAA==")


def png_size(content):
    assert content.startswith(payloads.PNG), content[:16]
    return struct.unpack(">II", content[16:24])


def image_parts(content, name="image", kind="product"):
    parts = [file_part(content, "a.png", "image/png", name=name)] if content is not None else []
    return parts + ([text_part("type", kind.encode())] if kind is not None else [])


def post(caller, parts, version=None, path="/api/images/", **headers):
    body, content_type = form(parts)
    headers = {"Content-Type": content_type, **headers}
    if version is not None:
        headers["X-Api-Version"] = str(version)
    return caller.post(path, data=body, headers=headers)


def upload(caller, content=None, version=None, kind="product", name="image", **more):
    return post(caller, image_parts(png() if content is None else content, name, kind), version,
                **more)


def fetch(server, url):
    assert url.startswith(server.url), url
    return server.anonymous().get(url[len(server.url):])


# ---- what is answered ----
def envelope(fields, description, key):
    return json.dumps({"error": {"fields": fields, "description": description, "key": key}},
                      separators=(",", ":"), ensure_ascii=False).encode()


def assert_refused(answer, status, fields, description, key):
    assert answer.status_code == status, (answer.status_code, answer.content)
    assert answer.content == envelope(fields, description, key)
    assert answer.headers["Content-Type"] == "application/json"


def assert_fields(answer, **fields):
    assert_refused(answer, 400, {name: [text] for name, text in fields.items()},
                   "Serialization error", "common.serializer_error")


def assert_malformed(answer):
    assert_refused(answer, 400, {}, "Malformed request.", "common.parse_error")


def assert_unknown(answer):
    assert_refused(answer, 404, {}, None, "image.not_found")


def assert_forbidden(answer):
    assert_refused(answer, 403, {}, "You do not have permission to perform this action.",
                   "common.permission_denied")


def assert_unauthenticated(answer, text):
    assert_refused(answer, 401, {}, text, "common.not_authenticated")
    assert answer.headers["WWW-Authenticate"].split(" ")[0] == "Bearer"


# ---- callers ----
def scoped(server, *scopes, organization="org-a"):
    more = [word for scope in scopes for word in ("--scope", scope)]
    return Client(server, server.token(organization, "", "user-a", *more))
