"""The unit of conf/: as closed as it says of itself."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "conf" / "mooring.service"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")
def test_the_hardening_score_is_the_one_that_the_unit_states():
    stated = float(re.search(r"mooring.service` says ([\d.]+)", UNIT.read_text())[1])
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager",
         f"--threshold={stated * 10:.0f}", UNIT],
        capture_output=True, text=True, check=False)
    if "unrecognized option" in done.stderr:
        pytest.skip("an older systemd-analyze")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"exposure level for mooring.service: ([\d.]+)", done.stdout), done.stdout
