#!/usr/bin/env python3
"""Fails when an include goes up a layer, round in a circle, or out of the core.

The layers are those of docs/design.md. A header may include its own layer and those below; a
source has the layer of the header it implements. An adapter may name the library that it adapts and
no other. A header that users read must also be short enough to be read. Usage:
tools/check_layers.py [ROOT]
"""

import re

from checker import main

MOST_LINES = 400  # of a header in include/; long bodies go to its source

LEAF = 9  # may include everything; nothing in the library may include it

# A new public header is one new word here. A detail header is layer 1 unless it is listed; a source
# without a header of its name is listed as src/<stem>; a header in src/ has its highest include's.
LAYERS = {
    0: "version detail/export detail/input_file detail/pages detail/process_memory detail/temporary_file",
    1: "buffer byte_span cached_memory error layout ledger slice storage_options src/mapped_block src/mapped_layout "
    "src/memory_file src/page_ranges src/process_locks src/spill_block src/spill_file src/storage",
    2: "byte_array bytes detail/byte_methods detail/bytes_algorithms",
    3: "memory_view struct struct_value typed_view detail/struct_format detail/view_core",
    4: "stream",
    5: "buffered_io bytes_io file_io file_path filter_stream",
    6: "coding_stream detail/lent_room detail/stream_areas spooled_io string_io text_io text_stream",
    LEAF: "memory_report quire",
}
LAYER_OF = {stem: layer for layer, stems in LAYERS.items() for stem in stems.split()}

# What each adapter adapts, as its headers begin, and the system's headers that it may use besides. Only
# sources may name what is behind the `|`.
ADAPTERS = {
    "asio": "",
    "beast": "boost/",
    "cfile": "| stdio.h stdio_ext.h unistd.h",
    "curl": "curl/",
    "gtest": "gtest/",
    "hash": "| openssl/ xxhash.h zlib.h",
    "image": "| jpeglib.h jerror.h png.h",
    "iostream": "| ../do_both.h",
    "lz4": "| lz4frame.h",
    "protobuf": "google/protobuf/",
    "socket": "| fcntl.h poll.h sys/ ../platform/",
    "sodium": "| sodium.h",
    "sqlite": "| sqlite3.h",
    "zip": "| zip.h",
    "zlib": "| zlib.h",
    "zstd": "| zstd.h zstd_errors.h",
}

# The only sources that may call the operating system.
OS_SOURCES = re.compile(r"src/(platform/.*|file_io\.cc)$")
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def stem_of(name):
    """The layer table's name of what is included as quire/<name>.h."""
    return name.removeprefix("quire/").removesuffix(".h")


def layer_of_header(stem):
    if stem.startswith("adapters/"):
        return LEAF
    return LAYER_OF.get(stem, 1 if stem.startswith("detail/") else None)


def layer_of_private_header(path):
    """Layer 1, or the highest of what a header in src/ includes; 0 if it is the platform's."""
    layers = [0 if "platform" in path.parts else 1]
    for _, _, name in includes(path):
        if name.startswith("quire/"):
            layers.append(layer_of_header(stem_of(name)) or 0)
        elif (path.parent / name).exists():
            layers.append(layer_of_private_header(path.parent / name))
    return max(layers)


def own_header(root, path):
    """The stem of the header that a source implements, or None."""
    if path.parent.name == "adapters":
        return f"adapters/{path.stem}"
    for stem in (path.stem, f"detail/{path.stem}"):
        if (root / "include/quire" / f"{stem}.h").exists():
            return stem
    return None


def includes(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == "<", match.group(2)


def check_adapter(root, path, known):
    """Other headers than the standard library's, the core's, and those of the library adapted."""
    where = path.relative_to(root).as_posix()
    if path.stem not in known:
        yield f"{where}:1: not in the table ADAPTERS of tools/check_layers.py"
        return
    in_headers, _, in_sources = known[path.stem].partition("|")
    allowed = (in_headers + (" " + in_sources if path.suffix == ".cc" else "")).split()
    for number, angled, name in includes(path):
        foreign = not name.startswith("quire/") and (not angled or name.endswith(".h") or "/" in name
                                                     or name.endswith(".hpp"))
        if foreign and not name.startswith(tuple(allowed)):
            yield f"{where}:{number}: {name} is not of what the adapter {path.stem} adapts"


def layer_name(layer):
    return "a leaf" if layer == LEAF else f"layer {layer}"


def is_outside(path, root):
    """The Python module stands on the library as any other user does, and nothing stands on it."""
    return path.is_relative_to(root / "python")


def check_file(root, path, stem, layer):
    where = path.relative_to(root).as_posix()
    is_source = path.suffix == ".cc"
    for position, (number, angled, name) in enumerate(includes(path)):
        at = f"{where}:{number}"
        if is_source and position == 0 and stem and stem_of(name) != stem:
            yield f"{at}: the first include must be the file's own header, quire/{stem}.h"
        if not name.startswith("quire/"):
            foreign = angled and (name.endswith(".h") or "/" in name)
            if foreign and layer != LEAF and not OS_SOURCES.match(where):
                yield f"{at}: <{name}> is not the standard library: it belongs in src/platform/"
            if not angled:
                beside = path.parent / name
                if not beside.exists():
                    yield f'{at}: "{name}" is neither quire/... nor beside the file'
                elif layer_of_private_header(beside) > layer:
                    yield f"{at}: {name} is above {layer_name(layer)}: an include may only go down"
            continue
        target = layer_of_header(stem_of(name))
        if target is None:
            yield f"{at}: {name} has no layer: add it to the table in tools/check_layers.py"
        elif target > layer:
            yield (f"{at}: {name} is {layer_name(target)}, above {layer_name(layer)}: "
                   "an include may only go down")
        elif target == LEAF and stem not in (stem_of(name), "quire") and not is_outside(path, root):
            yield f"{at}: {name} is a leaf: nothing in the library may include it"


def check_length(root, path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > MOST_LINES:
        yield f"{path.relative_to(root)}:{lines}: longer than {MOST_LINES} lines"


def find_cycle(graph):
    """One cycle of `graph` as a list that starts and ends with the same node, or None."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for target in graph.get(node, ()):
            cycle = visit(target)
            if cycle:
                return cycle
        path.pop()
        done.add(node)
        return None

    for start in sorted(graph):
        cycle = visit(start)
        if cycle:
            return cycle
    return None


def check(root, adapters=None):
    problems, graph = [], {}
    known = ADAPTERS if adapters is None else adapters
    for path in sorted([*root.glob("include/quire/adapters/*.h"), *root.glob("src/adapters/*.cc")]):
        problems += check_adapter(root, path, known)
    base = root / "include/quire"
    for path in sorted(base.rglob("*.h")):
        stem = path.relative_to(base).with_suffix("").as_posix()
        layer = layer_of_header(stem)
        if layer is None:
            problems.append(f"{path.relative_to(root)}:1: no layer: "
                            "add it to the table in tools/check_layers.py")
            continue
        problems += check_file(root, path, stem, layer)
        problems += check_length(root, path)
        graph[stem] = [stem_of(name) for _, _, name in includes(path) if name.startswith("quire/")]
    for path in sorted([*root.glob("src/**/*.cc"), *root.glob("src/**/*.h")]):
        stem = own_header(root, path)
        if "platform" in path.parts:
            layer = 0
        elif stem:
            layer = layer_of_header(stem)
        elif path.suffix == ".h":
            layer = layer_of_private_header(path)
        else:
            layer = LAYER_OF.get(f"src/{path.stem}")
        if layer is None:
            problems.append(f"{path.relative_to(root)}:1: implements no header of the same name: "
                            f"add src/{path.stem} to the table in tools/check_layers.py")
            continue
        problems += check_file(root, path, stem, layer)
    for path in sorted([*root.glob("python/src/*.cc"), *root.glob("python/src/*.h")]):
        problems += check_file(root, path, None, LEAF)
    cycle = find_cycle(graph)
    if cycle:
        problems.append(f"include/quire/{cycle[0]}.h:1: a circle of includes: {' -> '.join(cycle)}")
    return problems


if __name__ == "__main__":
    main(check)
