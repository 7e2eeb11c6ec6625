"""Why Mooring and nginx may differ: a closed list.

Nearly always Mooring refuses what nginx takes (vow V6: what two parsers could read differently is
refused). Each reason is a property of what was sent, looked for independently of both parsers; the
few that let Mooring take more stand apart.
"""

import re

from peers import CANARY

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# RFC 3986: what a request target may hold; the rest has to be percent-encoded.
TARGET = re.compile(rb"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%#]*")
FIELD = re.compile(TOKEN + rb":[\t\x20-\x7e\x80-\xff]*")
REQUEST_LINE = re.compile(rb"(\S+) (\S*) HTTP/(\d)\.(\d)")
SINGULAR = (b"host", b"content-length", b"transfer-encoding", b"content-type", b"expect",
            b"authorization", b"range")
CHUNK_LINE = re.compile(rb"[0-9A-Fa-f]{1,16}(;[ \t]*" + TOKEN + rb"(=(" + TOKEN +
                        rb"|\"[^\"\\]*\"))?)*")


class Head:
    """The lines up to the first empty one, however they end."""

    def __init__(self, stream):
        self.skipped = len(stream) - len(stream.lstrip(b"\r\n"))
        head = re.split(rb"\r?\n\r?\n", stream[self.skipped:], maxsplit=1)
        self.body = head[1] if len(head) > 1 else b""
        self.line, *self.lines = re.split(rb"\r?\n", head[0])
        self.names = [line.split(b":")[0].strip().lower() for line in self.lines]

    def values(self, name):
        return [line.partition(b":")[2].strip() for line, found in zip(self.lines, self.names)
                if found == name]


# ---- Mooring is stricter ----
def line_end(stream, _):
    return re.search(rb"(?<!\r)\n|\r(?!\n)", stream)


def empty_lines(stream, head):
    """More than one before this request or the next one, or one that is a bare LF."""
    lengths = [int(value) for value in head.values(b"content-length") if value.isdigit()]
    body = stream.partition(b"\r\n\r\n")[2]  # with the empty lines at its beginning
    request = stream.removesuffix(CANARY)
    return (head.skipped > 2 or b"\r\n" * 4 in stream
            or (b"content-length" in request.lower() and request.endswith(b"\r\n\r\n"))
            or re.match(rb"\r\n\r?\n|\n", body[max(lengths, default=0):]))


def scheme(_, head):
    found = re.search(rb" ([^/?# ]*)://", head.line)
    return found and found[1].lower() != b"http"


def request_line(stream, head):
    """Of this request or of one behind it."""
    lines = [head.line, *re.findall(rb"[^\r\n]* HTTP/1\.[^\r\n]*", stream)]
    return any(not REQUEST_LINE.fullmatch(line) for line in lines)


def version(_, head):
    return not head.line.endswith((b" HTTP/1.0", b" HTTP/1.1"))


def target(_, head):
    found = head.line.split(b" ")[1:2]
    return found and (not TARGET.fullmatch(found[0]) or b"#" in found[0]
                      or re.search(rb"%(?![0-9A-Fa-f]{2})|%[01][0-9a-fA-F]|%7[fF]|%2[fF]|%5[cC]",
                                   found[0]))


def field_line(stream, head):
    """Of this request or of one behind it."""
    others = re.findall(rb" HTTP/1\.[01]\r\n(.*?)\r\n\r\n", stream, re.DOTALL)
    lines = [*head.lines, *(line for found in others for line in found.split(b"\r\n"))]
    return any(not FIELD.fullmatch(line) for line in lines)


def leading_zeros(_, head):
    return any(re.match(rb"0\d", value) for value in head.values(b"content-length"))


def dot_segments(_, head):
    found = head.line.split(b" ")[1:2]
    return found and re.search(rb"/\.\.?(?=/|\?|$)", found[0])


def connection_option(_, head):
    """nginx looks for the word anywhere in the value."""
    return any(b"keep-alive" in value.lower() and not
               re.fullmatch(rb"(?:.*,)?[ \t]*keep-alive[ \t]*(?:,.*)?", value.lower())
               for value in head.values(b"connection"))


def doubled_field(_, head):
    return any(head.names.count(name) > 1 for name in SINGULAR)


def host(_, head):
    found = head.values(b"host")
    form = rb"(?:[A-Za-z0-9.\-]+|\[[0-9a-f:]+\])(?::(\d*))?"
    match = re.fullmatch(form, found[0]) if len(found) == 1 else None
    return not match or int(match[1] or 0) > 65535


def expectation(_, head):
    return any(value.lower() != b"100-continue" for value in head.values(b"expect"))


def content_coding(_, head):
    return head.values(b"content-encoding")


def both_lengths(_, head):
    return head.values(b"content-length") and head.values(b"transfer-encoding")


def old_chunks(_, head):
    return head.line.endswith(b"HTTP/1.0") and head.values(b"transfer-encoding")


def chunks(_, head):
    """A chunked body with a size line or a trailer that is not of RFC 9112."""
    if not head.values(b"transfer-encoding"):
        return False
    rest = head.body
    while True:
        line, _, rest = rest.partition(b"\r\n")
        if not CHUNK_LINE.fullmatch(line):
            return True
        size = int(line.split(b";")[0], 16)
        if size == 0:
            break
        if rest[size:size + 2] != b"\r\n":
            return True
        rest = rest[size + 2:]
    trailer = rest.partition(b"\r\n\r\n")[0] if not rest.startswith(b"\r\n") else b""
    lines = trailer.split(b"\r\n") if trailer else []
    return any(not FIELD.fullmatch(line) for line in lines)


STRICTER = {
    "a bare CR or LF": line_end,
    "empty lines before a request": empty_lines,
    "an absolute target that is not http": scheme,
    "a request line of another form": request_line,
    "a version that is neither 1.0 nor 1.1": version,
    "bytes in a target that have to be encoded": target,
    "a field line that is none; nginx skips it": field_line,
    "a Content-Length with leading zeros": leading_zeros,
    "dot segments in a path; nginx resolves them": dot_segments,
    "a Connection option that only contains keep-alive": connection_option,
    "a singular field twice": doubled_field,
    "a Host that is none": host,
    "an expectation that is not 100-continue": expectation,
    "a content coding": content_coding,
    "two lengths": both_lengths,
    "chunks in HTTP/1.0": old_chunks,
    "a chunk line or a trailer that is none": chunks,
}


# ---- Mooring takes more ----
def early_answer(_, head, ours):
    """What says nothing about the body; the connection ends with it."""
    return ours == (1, False) and (head.values(b"transfer-encoding")
                                   or head.values(b"content-length"))


def same_expectation(_, head, __):
    found = head.values(b"expect")
    return len(found) > 1 and {value.lower() for value in found} == {b"100-continue"}


def tab(_, head, __):
    return any(b"\t" in line.partition(b":")[2] for line in head.lines)


def refused_target(_, head, ours):
    """The target alone is at fault, the message has an end: the connection goes on."""
    return ours == (0, True) and target(_, head)


def host_name(_, head, __):
    """RFC 3986 section 3.2.2 lets a name have sub-delims and empty labels."""
    absolute = re.findall(rb" http://([^/?#\r\n ]*)", head.line)
    return any(re.search(rb"[!$&'()*+,;=~_]|^\.|\.\.", name)
               for name in [*absolute, *head.values(b"host")])


LAXER = {
    "answered from the head, the body left alone": early_answer,
    "100-continue expected twice": same_expectation,
    "a tab around a field value": tab,
    "a target refused for itself; the message has an end": refused_target,
    "sub-delims or empty labels in the name of a host": host_name,
}


def reason(request, ours, theirs):
    """The name of why the outcomes of `request` differ; None if there is no reason."""
    stream = request + CANARY
    head = Head(stream)
    if ours[0] <= theirs[0] and ours[1] <= theirs[1]:
        found = [name for name, applies in STRICTER.items() if applies(stream, head)]
    else:
        found = [name for name, applies in LAXER.items() if applies(stream, head, ours)]
    return found[0] if found else None
