"""Just enough C++ for tests/tidy.py: where functions begin and end.

Not a parser. It blanks comments, strings and preprocessor lines, then counts braces; a brace which
opens after a closing parenthesis outside of any function opens a function.
"""

import re

_TOKEN = re.compile(
    r'R"(?P<tag>[^()\\\s]*)\((?:.|\n)*?\)(?P=tag)"'  # raw string
    r"|//[^\n]*|/\*(?:.|\n)*?\*/"  # comments
    r'|"(?:\\.|[^"\\\n])*"'  # string
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'")  # character, not a digit separator
_PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.M)
_CONTAINER = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def blank(text):
    """`text` with comments, literals and preprocessor lines turned into spaces, lines kept."""
    def spaces(found):
        return re.sub(r"[^\n]", " ", found[0])
    return _PREPROCESSOR.sub(spaces, _TOKEN.sub(spaces, text))


def _is_function(head):
    """Whether what stands before an opening brace is the head of a function."""
    if "(" not in head:
        return False
    before = head[:head.index("(")]
    if re.search(r"=\s*$|(?<![=!<>])=(?!=)", before) and "operator" not in before:
        return False  # an initialiser
    bare = re.sub(r"\balignas\s*\([^)]*\)|\[\[.*?\]\]|\btemplate\s*<[^{]*?>\s*(?=\w)", "", head,
                  flags=re.S)
    found = _CONTAINER.search(bare)
    return not found or bare.find("(") < found.start() or bool(
        re.match(r"\s*(struct|class|enum)\s+[\w:]+[\s*&]+[\w:]+\s*\(", bare))


def _name(head):
    found = re.findall(r"([~\w:]+)\s*\(", head)
    return found[0] if found else head.strip()[:40]


def functions(text):
    """(name, first line, last line) of every function body outside of other functions."""
    code = blank(text)
    found, stack, head_start, parentheses = [], [], 0, 0
    for place, character in enumerate(code):
        inside = any(kind is not None for kind in stack)
        if character in "()":
            parentheses += 1 if character == "(" else -1
        elif character == "{":
            head = code[head_start:place]
            opened = None
            if not inside and parentheses == 0 and _is_function(head):
                start = head_start + len(head) - len(head.lstrip())
                opened = (_name(head), code.count("\n", 0, start) + 1)
            elif not inside and parentheses > 0:
                opened = None
            stack.append(opened)
            if not inside and (opened or parentheses == 0):
                head_start = place + 1
        elif character == "}" and stack:
            opened = stack.pop()
            if opened:
                found.append((*opened, code.count("\n", 0, place) + 1))
            if not any(kind is not None for kind in stack) and parentheses == 0:
                head_start = place + 1
        elif character == ";" and not inside and parentheses == 0:
            head_start = place + 1
        elif character == ":" and not inside and parentheses == 0:
            if re.search(r"\b(public|private|protected)\s*$", code[max(0, place - 12):place]):
                head_start = place + 1
    return found
