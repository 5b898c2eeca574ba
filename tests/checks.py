"""Counts the checks of a test program, shows those that failed, and ends it."""
import sys

_count, _failed = [0], []
SHOWN = 60  # failed checks that are printed


def check(condition, *what):
    """`what` describes the failure."""
    _count[0] += 1
    if not condition:
        _failed.append(" ".join(str(w) for w in what))


def finish(least=1):
    """Ends the program; fewer than `least` checks are a failure too."""
    for what in _failed[:SHOWN]:
        print("FAILED:", what)
    print("%d checks, %d failed" % (_count[0], len(_failed)))
    sys.exit(1 if _failed or _count[0] < least else 0)
