"""The main of a checker. Its check(root) returns what is wrong, a line each."""

import sys
from pathlib import Path


def main(check):
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    problems = check(root)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
