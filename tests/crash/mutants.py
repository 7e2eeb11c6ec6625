"""Every named sync is left out in turn, and a rig has to notice.

The power is cut on ext4 and XFS in every layout, and the ledger (ledger.py) looks for names in
directories that nobody synced. A sync that nothing notices is needless or untested, and fails the
run: the table says which were found, by what, and after how many cuts. COVERED tells why a cut on
these file systems finds nothing where only the ledger does.
"""

import ledger
import store
import volumes
from power import LAYOUTS, PowerRig
from store import Violation
from volumes import why_not

# Past the page cache of the file below: a disk that takes its time, so that a sync has something to
# wait for.
LOOP = ["losetup", "--direct-io=on", "-f", "--show"]

# A store's first life happens on one file system: the catalogue is moved out of it later.
FIRST_LIFE = ("format_", "replacement_", "secret_")
CUTS = {"load": 40, "ack": 60}
# With a journal for all of the file system, whatever is synced later brings what is older along.
COVERED = {
    "format_directories": "the sync of the SUPERBLOCK, which is written next, brings its journal",
    "format_parent": "the sync of the SUPERBLOCK, which was written before, brought it",
    "replacement_directory": "the sync of the secret's directory, which is the same, comes next",
    "segment_directory": "the first sync of a segment's bytes brings the name of a new file",
}
# What `./dev test` has the time for: where each is found at once.
SHORT = {"secret_data": ("joined",), "segment_data": ("split",), "blob_directory": ("split",),
         "catalog_log": ("split",)}


def cuts_of(sync):
    if sync.startswith(FIRST_LIFE):
        return ("joined",), {"fresh": 1}
    if sync == "copy_data":
        return LAYOUTS, {"backup": 1}
    if sync == "clean_mark":
        return ("joined",), {"idle": 1}
    return LAYOUTS, CUTS


def hunt(directory, kind, layout, sync, cycles, seed, tell):
    """After how many cuts something was missing; None if nothing ever was."""
    place = directory / f"{sync}-{kind}-{layout}"
    place.mkdir()
    rig = PowerRig(place, kind, f"{seed}/{sync}", lambda line: None, ("--skip-sync", sync),
                   (layout,), cuts_of(sync)[1])
    try:
        for number in range(cycles):
            rig.cycle(number)
    except Violation as violation:
        tell(f"{sync} {kind} {layout}: found after {number + 1} cuts: {str(violation)[:600]!r}")
        return number + 1
    finally:
        rig.abandon()
        place.rmdir()
    tell(f"{sync} {kind} {layout}: not noticed in {cycles} cuts")
    return None


def hunt_all(directory, cycles, seed, tell, where):
    """{sync: {"FS/LAYOUT": cuts or None}} of every sync and layout in `where`."""
    return {sync: {f"{kind}/{layout}": hunt(directory, kind, layout, sync, cycles, seed, tell)
                   for kind in ("ext4", "xfs") for layout in layouts}
            for sync, layouts in where.items()}


def run(directory, cycles, seed, _, tell):
    missing = why_not()
    if missing:
        return f"SKIPPED: {missing}"
    volumes.LOOP = LOOP
    found = hunt_all(directory, cycles, seed, tell,
                     {sync: cuts_of(sync)[0] for sync in store.fault_names("sync")})
    if ledger.why_not():
        return judge(found) + f"\nledger SKIPPED: {ledger.why_not()}"
    for sync in ledger.DIRECTORIES:
        found[sync]["ledger"] = 1 if ledger.find(directory, sync, tell) else None
    return judge(found)


def run_short(directory, cycles, seed, _, tell):
    missing = why_not()
    if missing:
        return f"SKIPPED: {missing}"
    return judge(hunt_all(directory, cycles, seed, tell, SHORT))


def judge(found):
    rows = [f"{sync:<22} " + " ".join(f"{where}:{cuts or '-'}" for where, cuts in cells.items())
            + (f"  ({COVERED[sync]})" if sync in COVERED else "")
            for sync, cells in found.items()]
    table = "cuts until the loss was found (-: not noticed)\n" + "\n".join(rows)
    has_ledger = any("ledger" in cells for cells in found.values())
    blind = [sync for sync, cells in found.items()
             if not any(cells.values()) and (has_ledger or sync not in COVERED)]
    if blind:
        raise Violation(f"{table}\nnothing notices that these are left out: {' '.join(blind)}")
    return table
