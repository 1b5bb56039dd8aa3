"""Fuzz for some minutes: the hostile inputs again and again, with other chance each time; prints what was tried."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main(minutes: float) -> int:
    """Run until the time is over; returns the number of runs that found a crash."""
    began = time.monotonic()
    inputs = crashes = runs = 0
    while time.monotonic() - began < minutes * 60:
        seed = str(int(time.time()))
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-s", "-q", f"--hypothesis-seed={seed}", str(HERE / "test_hostile.py")],
            env={**os.environ, "LTRR_TORTURE": "1", "LTRR_FUZZ": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        found = re.search(r"hostile inputs tried ([\d,]+)", done.stdout)
        inputs += int(found[1].replace(",", "")) if found else 0
        runs += 1
        if done.returncode:
            crashes += 1
            print(f"seed {seed}:\n{done.stdout[-4000:]}")
    spent = (time.monotonic() - began) / 60
    print(f"minutes of fuzzing {spent:.0f}, inputs {inputs:,}, in {runs} runs, crashes {crashes}")
    return crashes


if __name__ == "__main__":
    sys.exit(min(1, main(float(sys.argv[1]) if len(sys.argv) > 1 else 10)))
