"""Reads the C sources of monitor/ as clang-format lays them out: functions, what calls what, includes."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
MONITOR = ROOT / "monitor"
FUNCTION = re.compile(r"^(?!static\b|typedef\b)[A-Za-z_][^;{}=#]*?\b(\w+)\([^;{}]*\)\n\{$", re.M)
ANY_FUNCTION = re.compile(r"^(?!typedef\b)[A-Za-z_][^;{}=#]*?\b(\w+)\([^;{}]*\)\n\{\n.*?^\}$", re.M | re.S)


def sources():
    """Every .c, .h and .def file of monitor/ as (path, text)."""
    paths = sorted(p for ending in ("c", "h", "def") for p in MONITOR.rglob("*." + ending))
    return [(p, p.read_text()) for p in paths]


def without_comments(text):
    """Code without comments, strings and characters; lines stay where they are."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m[0])

    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def includes(text):
    """(line, "folder/name.h") of each include of our own."""
    return [(n, m[1]) for n, line in enumerate(text.splitlines(), 1) if (m := re.match(r'\s*#include "([a-z_]+/[^"]+)"', line))]


def functions(text):
    """(name, first line, lines) of each function defined here, from its signature to its closing brace."""
    code = without_comments(text)
    return [(m[1], code.count("\n", 0, m.start()) + 1, m[0].count("\n") + 1) for m in ANY_FUNCTION.finditer(code)]


def public_functions(text):
    return {m[1] for m in FUNCTION.finditer(without_comments(text))}


def words(text):
    return set(re.findall(r"[A-Za-z_]\w*", without_comments(text)))


def circles(arrows):
    """The strongly connected parts of {node: set of nodes} that have more than one node, each as a sorted tuple."""
    def reach(start, graph):
        found, frontier = set(), [start]
        while frontier:
            for after in graph.get(frontier.pop(), ()):
                if after not in found:
                    found.add(after)
                    frontier.append(after)
        return found
    far = {node: reach(node, arrows) for node in arrows}
    return sorted({tuple(sorted(n for n in far[node] if node in far.get(n, ()))) for node in arrows if node in far[node]})
