#!/usr/bin/env python3
"""Fails when a fact in the documents can be looked up and is not so.

- A link to a file or a heading leads nowhere, or there is no such picture.
- A public header is missing in README.md's guide to headers.
- A layer in the picture in docs/design.md lacks a public header of tools/check_layers.py's table.
- A page says a size and behind it the constant, 1 MiB (`kSharedFrom`), and src/storage.h another one.
- A number with a unit in README.md stands nowhere in docs/benchmarks.md.
- The differences that docs/python-differences.md calls replayed are not those of
  tests/golden_*_test.cc.

The code in the documents is tools/check_snippets.py's. Usage: tools/check_docs.py [ROOT]
"""

import re
from urllib.parse import unquote

from check_layers import LAYERS, LEAF
from checker import main

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
MEASURED = re.compile(r"(?<![\w.])\d[\d.,]* (?:ns|us|ms)\b|(?<![\w.])\d+\.\d+x")
LAYER = re.compile(r"^ L(\d) (.*(?:\n {9}.*)*)", re.MULTILINE)
SIZE = re.compile(r"(\d+) ([KMG])iB \(`(k\w+)`\)")
CONSTANT = re.compile(r"constexpr std::size_t (k\w+) = std::size_t\{(\d+)\} << (\d+);")
ROW_TAG = re.compile(r"\| `([a-z-]+)` \|$", re.MULTILINE)
TEST_TAG = re.compile(r'\{"([a-z-]+)", "(?:value|n|![A-Za-z]+)",')


def read(path):
    return path.read_text(encoding="utf-8")


def anchors(text):
    """The names that GitHub gives to the headings."""
    for heading in HEADING.findall(CODE.sub("", text)):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def check_links(root, page):
    for link in LINK.findall(CODE.sub("", read(page))):
        target = unquote("".join(link))
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        where = page.relative_to(root).as_posix()
        if not path.exists():
            yield f"{where}: no such file: {target}"
        elif anchor and path.suffix == ".md" and anchor not in anchors(read(path)):
            yield f"{where}: no such heading: {target}"


def check_headers(root, readme):
    include = root / "include"
    for header in sorted((include / "quire").rglob("*.h")):
        name = header.relative_to(include).as_posix()
        if "/detail/" not in name and f"(include/{name})" not in readme:
            yield f"README.md: the guide to headers lacks {name}"


def check_numbers(readme, benchmarks):
    known = set(MEASURED.findall(benchmarks))
    for number in MEASURED.findall(CODE.sub("", readme)):
        if number not in known:
            yield f"README.md: docs/benchmarks.md does not say {number}"


def check_picture(design):
    drawn = {int(layer): headers.split() for layer, headers in LAYER.findall(design)}
    for layer, stems in LAYERS.items():
        for stem in stems.split():
            if layer != LEAF and "/" not in stem and f"{stem}.h" not in drawn.get(layer, []):
                yield f"docs/design.md: layer {layer} of the picture lacks {stem}.h"


def check_sizes(root, page, constants):
    known = {name: int(value) << int(shift) for name, value, shift in CONSTANT.findall(constants)}
    for size, unit, name in SIZE.findall(read(page)):
        if known.get(name) != int(size) << 10 * (1 + "KMG".index(unit)):
            yield f"{page.relative_to(root)}: {name} is not {size} {unit}iB in src/storage.h"


def check_differences(documented, tests):
    listed = [tag for test in tests for tag in TEST_TAG.findall(re.sub(r"\s+", " ", test))]
    described = ROW_TAG.findall(documented)
    for tag in sorted(set(listed) - set(described)):
        yield f"docs/python-differences.md: lacks the replay's difference {tag}"
    for tag in sorted(set(described) - set(listed)):
        yield f"docs/python-differences.md: no golden test has a difference {tag}"


def check(root):
    problems = []
    constants = read(root / "src/storage.h")
    for page in [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]:
        problems += check_links(root, page)
        problems += check_sizes(root, page, constants)
    readme = read(root / "README.md")
    problems += check_headers(root, readme)
    problems += check_picture(read(root / "docs/design.md"))
    problems += check_numbers(readme, read(root / "docs/benchmarks.md"))
    tests = [read(path) for path in sorted((root / "tests").glob("golden_*_test.cc"))]
    problems += check_differences(read(root / "docs/python-differences.md"), tests)
    return problems


if __name__ == "__main__":
    main(check)
