#!/usr/bin/env python3
"""Fails when something names another version than include/quire/version.h, the one place of it.

`--print` prints the version instead.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def header_version():
    text = (ROOT / "include/quire/version.h").read_text(encoding="utf-8")
    parts = [re.search(rf"#define QUIRE_VERSION_{part} (\d+)", text)
             for part in ("MAJOR", "MINOR", "PATCH")]
    if not all(parts):
        sys.exit("include/quire/version.h: MAJOR, MINOR and PATCH must all be defined")
    return ".".join(part.group(1) for part in parts)


def newest_changelog_heading():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (\S+)", text, re.MULTILINE)
    return headings[0] if headings else "none"


def release_tags_at_head():
    """None where there is no git: a source archive has no tags to compare."""
    try:
        listed = subprocess.run(["git", "-C", ROOT, "tag", "--points-at", "HEAD", "--list", "v*"],
                                capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return listed.stdout.split()


def main():
    version = header_version()
    if sys.argv[1:] == ["--print"]:
        print(version)
        return 0
    problems = []
    heading = newest_changelog_heading()
    if heading not in ("Unreleased", version):
        problems.append(f"CHANGELOG.md: the newest heading is {heading}, "
                        f"not Unreleased or {version}")
    tags = release_tags_at_head()
    if tags and f"v{version}" not in tags:
        problems.append(f"the commit is tagged {' '.join(tags)}, not v{version}")
    if tags and heading == "Unreleased":
        problems.append("CHANGELOG.md: a tagged release still has Unreleased on top")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
