"""What the compiler and the linker were asked for is in the binary that they made."""

import re
import struct
from pathlib import Path

import pytest

from harness import BINARY

POSITION_INDEPENDENT = 3  # ET_DYN
RELRO, STACK, DYNAMIC = 0x6474E552, 0x6474E551, 2
EXECUTABLE = 1
FLAGS, BIND_NOW, FLAGS_1, NOW = 30, 8, 0x6FFFFFFB, 1


@pytest.fixture(scope="module", name="binary")
def read_binary():
    return Path(BINARY).resolve().read_bytes()


def segments(binary):
    """{type: (flags, offset, size)} of the program headers of a 64-bit ELF."""
    assert binary[:6] == b"\x7fELF\x02\x01"
    place, = struct.unpack_from("<Q", binary, 32)
    size, count = struct.unpack_from("<HH", binary, 54)
    found = {}
    for number in range(count):
        kind, flags, offset, _, _, length = struct.unpack_from("<IIQQQQ", binary,
                                                               place + number * size)
        found[kind] = (flags, offset, length)
    return found


def dynamic(binary):
    _, offset, length = segments(binary)[DYNAMIC]
    return dict(struct.iter_unpack("<QQ", binary[offset:offset + length]))


def test_it_runs_anywhere_in_memory(binary):
    assert struct.unpack_from("<H", binary, 16)[0] == POSITION_INDEPENDENT


def test_what_the_linker_fills_in_is_read_only_from_the_start(binary):
    assert RELRO in segments(binary)
    found = dynamic(binary)
    assert found.get(FLAGS, 0) & BIND_NOW or found.get(FLAGS_1, 0) & NOW


def test_the_stack_is_never_run(binary):
    assert not segments(binary)[STACK][0] & EXECUTABLE


def test_the_stack_is_guarded(binary):
    assert b"\0__stack_chk_fail\0" in binary


def test_calls_of_the_c_library_are_checked(binary):
    if b"\0__asan_init\0" in binary or b"\0__tsan_init\0" in binary:
        pytest.skip("a sanitizer checks them")
    names = {name for name in re.findall(rb"\0(__\w+_chk)(?=\0)", binary)}
    assert names - {b"__stack_chk"}, names
