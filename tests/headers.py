#!/usr/bin/env python3
"""Does each header of monitor/ compile alone, and twice? usage: headers.py MONITOR COMPILER ..."""
import pathlib
import subprocess
import sys

monitor, compiler = pathlib.Path(sys.argv[1]), sys.argv[2:]
headers = sorted(str(p.relative_to(monitor)) for p in monitor.rglob("*.h"))
failed = [h for h in headers if subprocess.run([*compiler, "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", monitor,
                                                "-x", "c", "-"],
                                               input='#include "%s"\n' % h * 2, text=True).returncode]
print("%d headers, %d do not compile alone: %s" % (len(headers), len(failed), ", ".join(failed)))
sys.exit(1 if failed or not headers else 0)
