#!/usr/bin/env python3
"""Options, exit status, one clear message for each mistake, the same output twice. usage: command_line.py UTWATCH"""
import os
import pty
import re
import resource
import shutil
import subprocess
import sys
import tempfile

from run_utwatch import PCAPS, ROOT, utwatch
from checks import check, finish

binary = sys.argv[1]
FAILS = os.path.join(PCAPS, "jsse-tls10-anon-only-accepted.pcap")
CLEAN = os.path.join(PCAPS, "jsse-tls10-wapcert.pcap")
LOW = os.path.join(PCAPS, "jsse-sslv2-hello.pcap")


def expect(words, status, out=b"", err=b"", lines=None):
    p = utwatch(binary, *words)
    ok = p.returncode == status and b" ".join(out.split()) in b" ".join(p.stdout.split()) and err in p.stderr
    if lines is not None:
        ok = ok and len(p.stderr.splitlines()) == lines
    check(ok, "%s: status %d (wanted %d), %r %r" % (" ".join(words), p.returncode, status, p.stdout[-200:], p.stderr[-300:]))
    return p


expect(["-r", CLEAN], 0, b"No violation")
expect(["-r", FAILS], 1, b"ut-7.2-only-anonymous")
expect(["-r", LOW], 1)
expect(["-r", LOW, "--fail-on", "medium"], 0)
expect(["-r", CLEAN, "-r", FAILS], 1)
expect(["-r", "/nowhere", "-r", FAILS], 3)
expect(["-r", FAILS, "tcp port 1"], 4, b"the filter let 0 of 28 frames through")
expect(["--json", "-", "-r", FAILS, "tcp port 1"], 4, err=b"the filter let 0 of 28 frames through")
expect(["-r", CLEAN, "-r", FAILS, "tcp port 1"], 4, b"the filter let 0 of ")
expect(["-r", FAILS, "tcp", "port", "443"], 1)
expect(["-r", FAILS, "no such words"], 2, err=b"filter")
expect([], 2, err=b"-r FILE")
expect(["--no-such-option"], 2, err=b"--no-such-option")
expect(["-r"], 2, err=b"needs a value")
expect(["-r", CLEAN, "--fail-on", "terrible"], 2, err=b"terrible")
expect(["-r", CLEAN, "--min-severity", "terrible"], 2, err=b"terrible")
expect(["-r", CLEAN, "-p", "no-such-profile"], 2, err=b"no such profile in /", lines=1)
expect(["-r", CLEAN, "--json", "/no/such/folder/x"], 5)
# What a full disk does not take and memory has no room for is counted; the events of all captures are more than that.
expect(["--advise", "modern", "--report", "text", "--json", "/dev/full", "-r", PCAPS], 5,
       b"events dropped, since their file had no room for long", b"/dev/full: No space left")
# What a run has one of; what is for another kind of run; what was meant as a file.
for option in ("--json", "--evidence", "--state"):
    expect(["-r", CLEAN, option, "/nowhere/a", option, "/nowhere/b"], 2, err=b"a second '" + option.encode())
expect(["-r", CLEAN, "--expect", "ut-4-tls-required=fail"], 2, err=b"is for -T with -r FILE")
expect(["-r", CLEAN, "--ring", "2MiB"], 2, err=b"is for live capture")
expect(["-r", CLEAN, "-i", "lo"], 2, err=b"reads files or interfaces, not both")
expect(["-r", CLEAN, "mistyped.pcap"], 2, err=b"'mistyped.pcap': no such file")
expect(["--watch", "/nowhere"], 3, err=b"/nowhere: No such file")
for look_up in (["--list-rules"], ["-h"], ["-V"], ["--explain", "ut-4-tls-required"], ["--dump-profile"], ["-T"]):
    with open("/dev/full", "w") as full:
        p = subprocess.run([binary, *look_up], stdout=full, stderr=subprocess.PIPE)
    check(p.returncode == 5 and p.stderr == b"utwatch: standard output: No space left on device\n", look_up, p.returncode, p.stderr)
expect(["-h"], 0, b"usage:")
expect(["-V"], 0, b"utwatch ")
expect(["--build-info"], 0, b"libpcap")
expect(["-T"], 0, b"no mistake")
expect(["-T", "-r", FAILS], 2, err=b"'-r' with -T needs --expect")
expect(["-T", "-i", "lo"], 0, b"no mistake")
# The names of all folders that -p searches, each once, as it is found.
with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "own.yaml"), "w") as f:
        f.write("utwatch: 1\nprofile: own\ntitle: Own\nstatus: draft\nextends: [modern]\n")
    shutil.copy(os.path.join(ROOT, "rules", "modern.yaml"), folder)
    p = subprocess.run([binary, "--list-profiles"], env={**os.environ, "UTWATCH_RULES": folder}, capture_output=True, text=True)
    names = [line.split()[0] for line in p.stdout.splitlines()]
    wanted = {"own", "modern", "ts33141-pcr2", "wap-219"}
    check(p.returncode == 0 and wanted <= set(names) and len(names) == len(set(names)), "profiles", names, p.stderr)
expect(["--list-profiles"], 0, b"ts33141-pcr2")
expect(["--list-rules"], 0, b"ut-6.4-anonymous-key-exchange")
expect(["--list-fields"], 0, b"offered.suites")
expect(["--list-suites"], 0, b"TLS_RSA_WITH_3DES_EDE_CBC_SHA")
expect(["--explain", "ut-7.2-only-anonymous"], 0, b"7.2 (1)")
expect(["--explain", "ut-nothing"], 2, err=b"ut-nothing")
# A rule that nobody knows is an error with a suggestion wherever one is named; in an exception, which then excepts nothing, a warning.
near = b"(did you mean 'ut-7.2-only-anonymous'?)"
expect(["--explain", "ut-7.2-only-anonymus"], 2, err=near + b"; --list-rules shows those of ts33141-pcr2")
expect(["-T", "--expect", "ut-7.2-only-anonymus=fail", "-r", FAILS], 2, err=near)
# A list whose members have names is one of words, as the messages of the rule language call it.
with open(os.path.join(ROOT, "monitor", "policy", "fields.def"), encoding="utf-8") as table:
    for name, words in re.findall(r'^FIELD\(\w+, "([\w.-]+)", NUMBERS, \w+, (\w+),', table.read(), re.M):
        kind = b"list of numbers" if words == "NULL" else b"list of words"
        expect(["--list-fields"], 0, b"\n%-32s %-16s " % (name.encode(), kind))
# What the tables take is told in units that people read.
expect(["-T"], 0, b"  handshakes        50,000 x     6.5 KiB ")
# A rule of any shipped profile, by its id or its sid, with what its parameters are.
expect(["--explain", "ut-5.1.1-auth-http-based"], 0, b"profile ts33141-pcr1 (draft)")
expect(["--explain", "33141612"], 0, b"ut-6.1.2-server-certificate")
expect(["--explain", "ut-7.1-session-lifetime"], 0, b"session-lifetime: 24h clock-tolerance: 1s")
expect(["--explain", "ut-7.1-sesion-lifetime"], 2, err=b"did you mean 'ut-7.1-session-lifetime'")
with tempfile.TemporaryDirectory() as folder:
    site = os.path.join(folder, "site.yaml")
    with open(site, "w") as f:
        f.write("scope: { servers: [192.0.2.77/32] }\n")
    expect(["-r", FAILS, "-c", site], 4, b"1 TLS connection is outside the scope of " + site.encode())
    mine = os.path.join(folder, "mine.yaml")
    with open(mine, "w") as f:
        f.write("utwatch: 1\nprofile: mine\ntitle: Mine\nextends: [ts33141-pcr2]\nparameters: { encryption-required: true, key-bits-3des: 112 }\n")
    expect(["-T", "-p", mine], 0, b"mine")
    # The operator's policy makes 3DES, counted as 112 bits, too weak where it is all that is offered.
    des = os.path.join(PCAPS, "jsse-tls10-wapcert.pcap")
    expect(["-r", des, "-p", mine], 1, b"ut-7.2-policy-128")
    expect(["-r", des], 0)
    expect(["-r", os.path.join(PCAPS, "openssl-tls12-null.pcap"), "-p", mine, "--fail-on", "info"], 1, b"ut-6.2-null-encryption-used")
    # -v tells what is read, -vv also by what it is judged; a field is explained as a rule is.
    once, twice = (utwatch(binary, word, "-q", "--advise", "modern", "-r", FAILS).stderr for word in ("-v", "-vv"))
    check(b"reading" in once and b"profile" not in once and once in twice, "-v", once, twice)
    check(b"profile ts33141-pcr2 (draft), generation 1, hash " in twice and b"advice modern" in twice, "-vv", twice)
    expect(["--explain", "hello.ja4"], 0, b"in rules about handshake\n")
    expect(["--explain", "server.address"], 0, b"in rules about handshake connection exchange server ue key\n")
    out = os.path.join(folder, "out.json")
    expect(["-q", "--json", out, "-r", FAILS], 1)
    first = open(out, "rb").read()
    expect(["-q", "--json", out, "-r", FAILS], 1)
    check(open(out, "rb").read() == first + first and first.count(b"\n") >= 3, "two runs differ, or the second was not appended")
    # A report that comes to no end leaves the earlier one.
    page = os.path.join(folder, "report.html")
    expect(["--report", "html:" + page, "-r", CLEAN], 0)
    earlier = open(page, "rb").read()
    expect(["--report", "html:" + page, "-r", CLEAN, "no such words"], 2)
    check(open(page, "rb").read() == earlier and b"</html>" in earlier, "a run without a report overwrote the earlier report")
    check(sorted(os.listdir(folder)) == ["mine.yaml", "out.json", "report.html", "site.yaml"], "left behind: " + " ".join(os.listdir(folder)))
expect(["-i", "lo", "-i", "lo"], 2, err=b"-i 'lo' is given twice")
expect(["--syslog", "udp:192.0.2.1:514", "--syslog", "udp:192.0.2.1:514", "-r", CLEAN], 2, err=b"this receiver is given twice")


def colours(**environment):
    """Whether the text has codes of colour on a terminal, in this environment."""
    master, slave = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in ("TERM", "NO_COLOR")}
    p = subprocess.run([binary, "-r", FAILS], stdout=slave, stderr=subprocess.DEVNULL, env={**kept, **environment})
    os.close(slave)
    said = b""
    try:
        while part := os.read(master, 65536):
            said += part
    except OSError:  # the end, as a pseudo-terminal tells it
        pass
    os.close(master)
    check(p.returncode == 1 and b"ut-7.2-only-anonymous" in said, "on a terminal", environment, p.returncode)
    return b"\x1b[" in said


check(colours(TERM="xterm-256color"), "colour on a terminal")
for without in ({"TERM": "dumb"}, {}, {"TERM": "xterm", "NO_COLOR": "1"}):
    check(not colours(**without), "no colour", without)


def ends_in_order():
    """Whoever reads leaves, or a file may grow no further (setrlimit(2)): a failure of the run with a message, and no death by a signal."""
    with tempfile.TemporaryDirectory() as folder:
        limited = {"out.json": ["-q", "--json", folder + "/out.json"], "page.html": ["--report", "html:" + folder + "/page.html"]}
        for name, words in limited.items():
            p = subprocess.run([sys.argv[1], *words, "-r", FAILS], capture_output=True,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)))
            check(p.returncode == 5 and name.encode() in p.stderr, "at the limit of its size:", name, p.returncode, p.stderr)
            check(not os.path.exists(os.path.join(folder, name)) or not name.endswith("html"), "half a page")
            if name == "out.json":
                check(all(line.endswith(b"}\n") for line in open(os.path.join(folder, name), "rb").readlines()), "half a line in", name)
        for words in (["-q", "--json", "-"], ["--rules"], ["--details"]):
            reader, writer = os.pipe()
            os.close(reader)
            p = subprocess.run([sys.argv[1], *words, "-r", FAILS], stdout=writer, stderr=subprocess.PIPE)
            os.close(writer)
            check(p.returncode == 5, "nobody reads:", words, p.returncode, p.stderr)


ends_in_order()
finish()
