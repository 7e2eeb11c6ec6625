"""What the machine is, and what a process costs it."""

import os
import platform
import re
import subprocess
import tempfile
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
CREATE_MICROSECONDS_MAX = 200
DELETED_SECONDS_MAX = 360


def output(*command):
    """What a command prints, on one line; empty if there is no such command."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return " ".join((done.stdout or done.stderr).split())


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def file_system(folder):
    """Type and options of the file system of `folder`."""
    return output("findmnt", "-no", "FSTYPE,OPTIONS", "-T", str(folder))


def sync_milliseconds(folder):
    """The median time of a 4 KiB write with fdatasync: what a durable answer waits for at least."""
    path = Path(folder) / "sync-probe"
    took = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            begin = time.monotonic()
            os.fdatasync(file.fileno())
            took.append(time.monotonic() - begin)
    path.unlink()
    return sorted(took)[len(took) // 2] * 1000


def direct_write_mib_per_second(folder):
    """What the disk takes past the page cache: 1 GiB in writes of 1 MiB, one after the other."""
    path = Path(folder) / "direct-probe"
    begin = time.monotonic()
    subprocess.run(["dd", "if=/dev/zero", f"of={path}", "bs=1M", "count=1024", "oflag=direct",
                    "status=none"], check=True)
    took = time.monotonic() - begin
    path.unlink()
    return 1024 / took


def cpu_seconds(pid):
    """User and system time of all threads of a process, ended ones included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def memory_mib(pid, field="VmRSS"):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.M)[1]) / 1024


def disk_mib(folder):
    """What is allocated below a folder."""
    done = subprocess.run(["du", "-s", "--block-size=1", folder], check=True, capture_output=True,
                          text=True)
    return int(done.stdout.split()[0]) / 2**20


def settle():
    """Writes back what servers that do not sync left behind, so that the next run does not pay."""
    os.sync()


def create_microseconds(folder):
    """What it takes to create an empty file, over some directories, which are kept."""
    scratch = Path(tempfile.mkdtemp(dir=folder))
    places = [scratch / str(number) for number in range(32)]
    for place in places:
        place.mkdir()
    begin = time.monotonic()
    for number in range(1024):
        (places[number % len(places)] / str(number)).touch()
    return (time.monotonic() - begin) / 1024 * 1e6


def wait_for_inodes(folder, say):
    """Until files are created quickly again after some that were deleted (servers.py), or for as
    long as ext4 remembers those."""
    deadline = time.monotonic() + DELETED_SECONDS_MAX
    while (took := create_microseconds(folder)) > CREATE_MICROSECONDS_MAX:
        if time.monotonic() > deadline:
            return say(f"creating a file takes {took:.0f} us here")
        say(f"creating a file takes {took:.0f} us: waiting for deleted ones to be forgotten")
        time.sleep(20)
    return None


def drop_caches():
    """Only root can; returns whether it was done."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3\n")
    except PermissionError:
        return False
    return True


def description(folder):
    """Lines of Markdown about machine and versions."""
    mebibytes = os.sysconf("SC_PHYS_PAGES") * PAGE_BYTES / 2**20
    return [
        f"* machine: {processor()}, {os.cpu_count()} CPUs, {mebibytes / 1024:.0f} GiB",
        f"* kernel: {platform.release()}",
        f"* file system: {file_system(folder)}",
        f"* a 4 KiB write with fdatasync: {sync_milliseconds(folder):.2f} ms (median); `dd` with "
        f"O_DIRECT, 1 MiB at a time: {direct_write_mib_per_second(folder):,.0f} MiB/s",
    ]
