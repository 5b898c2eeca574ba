#!/usr/bin/env python3
"""Validate events, one JSON object a line, against the published schema.

usage: check_schema.py SCHEMA < EVENTS
Exit status: 0 all valid, 1 not, 77 (skipped) when python3-jsonschema is not installed.
"""
import json
import os
import sys

try:
    import jsonschema
except ImportError:
    sys.stderr.write("python3-jsonschema is not installed\n")
    sys.exit(77)


def no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError("duplicate key among " + ", ".join(keys))
    return dict(pairs)


def no_constant(name):
    raise ValueError(name + " is not JSON")


def load(line):
    return json.loads(line.decode("utf-8"), object_pairs_hook=no_duplicates, parse_constant=no_constant)


def built_with(binary):
    """The schema that the build made beside this utwatch."""
    return os.path.join(os.path.dirname(os.path.abspath(binary)), "..", "report", "schema.json")


def validator(path):
    with open(path, encoding="utf-8") as f:
        schema = json.load(f)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    checker = validator(sys.argv[1])
    lines = bad = 0
    for line in sys.stdin.buffer:
        lines += 1
        try:
            faults = ["/".join(map(str, e.absolute_path)) + ": " + e.message for e in checker.iter_errors(load(line))]
        except ValueError as e:
            faults = [str(e)]
        for fault in faults[:5]:
            print("line %d: %s" % (lines, fault[:300]))
        bad += bool(faults)
    print("%d events, %d invalid" % (lines, bad))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
