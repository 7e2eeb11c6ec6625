"""File systems of our own on loop devices, and the power that can be cut under them.

A power cut is FS_IOC_SHUTDOWN: from then on nothing reaches the device. What was in the page cache
or in an uncommitted journal is gone with the unmount; with `log_flush` the journal is written
first, so that names and sizes are newer than the data behind them. Neither reorders writes nor
tears sectors. Needs root.
"""

import fcntl
import os
import struct
import subprocess
import time

FS_IOC_SHUTDOWN = (2 << 30) | (4 << 16) | (ord("X") << 8) | 125
LOG_FLUSH, NO_LOG_FLUSH = 1, 2
SIZE = {"ext4": "384M", "xfs": "384M"}
LOOP = ["losetup", "-f", "--show"]
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}


def call(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


class Volume:
    made = []  # all of this run that were not removed

    def __init__(self, directory, kind, name):
        self.kind = kind
        self.image = directory / f"{name}.img"
        self.place = directory / name
        self.place.mkdir()
        call("truncate", "-s", SIZE[kind], self.image)
        call(*MAKE[kind], self.image)
        self.device = subprocess.run([*LOOP, self.image], check=True,
                                     capture_output=True, text=True).stdout.strip()
        self.is_mounted = False
        self.made.append(self)
        self.mount()

    def mount(self):
        call("mount", "-t", self.kind, self.device, self.place)
        self.is_mounted = True

    def cut(self, flag):
        directory = os.open(self.place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(directory, FS_IOC_SHUTDOWN, struct.pack("I", flag))
        finally:
            os.close(directory)

    def unmount(self):
        """Waits a little for those who still have a file open: they are dying."""
        for _ in range(200):
            done = subprocess.run(["umount", self.place], check=False, capture_output=True)
            if done.returncode == 0:
                self.is_mounted = False
                return
            time.sleep(0.05)
        raise RuntimeError(f"umount {self.place}: {done.stderr.decode()}")

    def detach(self):
        """The image stays."""
        if self.is_mounted:
            self.unmount()
        call("losetup", "-d", self.device)
        self.made.remove(self)

    def remove(self):
        self.detach()
        self.image.unlink()
        self.place.rmdir()


def why_not():
    """Why there can be no volumes here; None if there can."""
    if os.geteuid() != 0:
        return "only root may mount file systems"
    if not os.path.exists("/dev/loop-control"):
        return "no loop devices"
    for tool in ("mkfs.ext4", "mkfs.xfs", "losetup"):
        if not any(os.access(f"{place}/{tool}", os.X_OK) for place in ("/sbin", "/usr/sbin")):
            return f"no {tool}"
    return None
