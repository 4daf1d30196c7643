#!/usr/bin/env python3
"""Fails unless the code in README.md, docs/guide/ and docs/adapters/ is compiled and prints what they say.

The program of README.md is examples/readme.cc, that of docs/guide/<page>.md is
examples/guide/<page>.cc, and the adapters' likewise. Each ```cpp block must be, but for the indentation, a region of the
program:

    // [name]
    ...
    // [/name]

and each region must be on the page, once. A page shows regions of other programs, too, where ALSO_SHOWN
says so. The ```output blocks of a page, one after another, must be
the program's expected output, which its own test compares with what it prints. Pictures are ```text;
```python is python/tests/test_guide.py's; for what else may stand there see LANGUAGES.
Usage: tools/check_snippets.py [ROOT]
"""

import re
import textwrap

from checker import main

FOLDERS = ("guide", "adapters")
ALSO_SHOWN = {"README.md": ["thumbnail"]}
LANGUAGES = {"cpp", "output", "text", "sh", "cmake", "python"}
REGION = re.compile(r"^ *// \[(\w+)\]\n(.*?)^ *// \[/\1\]\n", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^ *// \[(/?\w+)\]$", re.MULTILINE)
BLOCK = re.compile(r"^( *)```(\S*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^ *(```|~~~)", re.MULTILINE)


def plain(text):
    """Without what editors add or drop: common indentation, spaces at the ends of lines."""
    lines = [line.rstrip() for line in textwrap.dedent(text).splitlines()]
    return "\n".join(lines).strip("\n")


def regions_of(path):
    """Name and text of each region of a program; problems as ValueError."""
    text = path.read_text(encoding="utf-8")
    regions = {}
    for name, body in REGION.findall(text):
        if name in regions:
            raise ValueError(f"{path}: two regions [{name}]")
        regions[name] = plain(body)
    marks = MARK.findall(text)
    if len(marks) != 2 * len(regions):
        raise ValueError(f"{path}: a region without end, or one inside another: {marks}")
    return regions


def check_page(root, page, stem, registered):
    where = page.relative_to(root).as_posix()
    text = page.read_text(encoding="utf-8")
    blocks = []
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        blocks.append((line, match.group(2), plain(match.group(3))))
    if len(FENCE.findall(text)) != 2 * len(blocks):
        yield f"{where}: a block of code that does not end, or is fenced by ~~~"
    for line, language, _ in blocks:
        if language not in LANGUAGES:
            yield f"{where}:{line}: a block of '{language}'; known are {sorted(LANGUAGES)}"

    code = [(line, body) for line, language, body in blocks if language == "cpp"]
    printed = [body for _, language, body in blocks if language == "output"]
    program = root / "examples" / f"{stem}.cc"
    if not program.exists():
        if code or printed:
            yield f"{where}: has code, but there is no examples/{stem}.cc"
        return
    unused = {}
    for shown in [stem, *ALSO_SHOWN.get(where, [])]:
        if shown not in registered:
            yield f"examples/{shown}.cc: not in examples/CMakeLists.txt, so nobody runs it"
        try:
            for name, region in regions_of(root / "examples" / f"{shown}.cc").items():
                unused[shown, name] = region
        except ValueError as problem:
            yield str(problem)
            return
    for line, body in code:
        key = next((key for key, region in unused.items() if region == body), None)
        if key is None:
            yield f"{where}:{line}: not a region of examples/{stem}.cc that is still unused"
        else:
            del unused[key]
    for shown, name in unused:
        yield f"examples/{shown}.cc: region [{name}] is not on {where}"

    expected = root / "examples" / "expected" / f"{stem}.txt"
    if not expected.exists():
        yield f"{where}: there is no examples/expected/{stem}.txt"
    elif "\n".join(printed) != plain(expected.read_text(encoding="utf-8")):
        yield f"{where}: the output blocks are not examples/expected/{stem}.txt"


def check(root):
    listed = (root / "examples/CMakeLists.txt").read_text(encoding="utf-8")
    registered = set(re.findall(r"^ *quire_add_example\((\S+?)[ )]", listed, re.MULTILINE))
    pages = {root / "README.md": "readme"}
    for folder in FOLDERS:
        for page in sorted((root / "docs" / folder).glob("*.md")):
            pages[page] = f"{folder}/{page.stem}"
    problems = []
    for page, stem in pages.items():
        problems += check_page(root, page, stem, registered)
    stems = set(pages.values())
    for folder in FOLDERS:
        for program in sorted((root / "examples" / folder).glob("*.cc")):
            if f"{folder}/{program.stem}" not in stems:
                problems.append(f"examples/{folder}/{program.name}: there is no page of that name")
    return problems


if __name__ == "__main__":
    main(check)
