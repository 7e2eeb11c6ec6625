"""Contents of pictures: real ones, and made ones of any size which begin as a picture does."""

import hashlib

from harness import DATA

JPEG = b"\xff\xd8\xff"
PNG = b"\x89PNG\r\n\x1a\n"
KIB = 1024
MIB = 1024 * 1024
PICTURE_BYTES_MAX = 10 * MIB


def photo():
    return (DATA / "photo.jpg").read_bytes()


def noise(size, seed=0):
    """`size` bytes that do not compress and differ from seed to seed."""
    return hashlib.shake_128(f"{seed}".encode()).digest(size)


def jpeg(size, seed=0):
    """`size` bytes which begin like a JPEG (P7: the first bytes decide)."""
    return (JPEG + noise(max(size - 3, 0), f"{size}/{seed}"))[:size]


def png(size=64, seed=0):
    return (PNG + noise(max(size - 8, 0), seed))[:size]


def webp(size=64, seed=0):
    return (b"RIFF" + (size - 8).to_bytes(4, "little") + b"WEBPVP8 " + noise(size, seed))[:size]
