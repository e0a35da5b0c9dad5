"""Run every check of the project one after another; tell which failed, and exit with 1 if any did."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from link_namespace import ROOT, link_rooms

BIN = Path(sys.executable).parent  # the checkers of the environment that runs this file
CHECKS = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "imports": ["lint-imports", "--no-logo"],
    "tests": ["pytest"],
}


def main() -> int:
    """Run the checks named on the command line, all of them if none is."""
    wanted = sys.argv[1:] or list(CHECKS)
    if unknown := set(wanted) - set(CHECKS):
        print(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    link_rooms()
    failed = []
    for name in wanted:
        program, *arguments = CHECKS[name]
        print(f"== {name}: {program} {' '.join(arguments)}", flush=True)
        if subprocess.run([BIN / program, *arguments], cwd=ROOT, check=False).returncode:
            failed.append(name)
    print(f"== failed: {', '.join(failed)}" if failed else "== all good")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
