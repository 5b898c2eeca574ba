"""How fast a live capture empties a full ring: frames over processor time, beside a bare loop of libpcap in the same run."""
import os
import re
import signal
import subprocess
import sys
import time

RING = 256 << 20


def processor_ns(pid):
    """Of all threads, as the scheduler counts it."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
            total += int(f.read().split()[0])
    return total


def drained(pid):
    """Waits until the process has next to nothing to do; its processor time then."""
    last = processor_ns(pid)
    while True:
        time.sleep(0.3)
        now = processor_ns(pid)
        if now - last < 10**6:
            return last
        last = now


def drain(taps, command, capture):
    """(frames, seconds of processor time) that it takes to empty a ring which was filled while the process stood still."""
    from taps import sensor_and_writer, wait_for
    p = subprocess.Popen(taps.command(*command), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not wait_for(p.stderr, b"capturing")[0]:
        sys.exit("%s does not capture" % command[0])
    # Of utwatch the process that reads packets; what the others do with its events is not counted.
    reader = sensor_and_writer(p.pid, 1).get("sensor", p.pid)
    before = drained(reader)
    os.kill(reader, signal.SIGSTOP)
    taps.send(capture, rate="--topspeed")
    os.kill(reader, signal.SIGCONT)
    took = drained(reader) - before
    p.send_signal(signal.SIGINT)
    out = p.communicate(timeout=60)[0].decode()
    # The report for people says "1,234 frames with ..." or "1234 frames with ..."
    frames = int(re.search(r"([\d,]+) frames", out).group(1).replace(",", ""))
    return frames, took / 1e9


def measure(capture, rounds, utwatch, other, bare):
    """Prints nanoseconds a frame of each, the best round of each."""
    from taps import Taps
    commands = {"libpcap alone": [bare, "tap0", str(RING)], "utwatch": [utwatch, "-v", "--ring", "%dMiB" % (RING >> 20), "-i", "tap0"]}
    if other:
        commands["the other build"] = [other] + commands["utwatch"][1:]
    best = {}
    with Taps() as taps:
        for _ in range(rounds):
            for name, command in commands.items():
                frames, took = drain(taps, command, capture)
                best[name] = min(best.get(name, (1e9, 0)), (took / frames, frames))
    print("%s, from a ring of %d MiB: best of %d rounds" % (capture, RING >> 20, rounds))
    for name, (took, frames) in best.items():
        print("%-16s %8d frames  %7.1f ns a frame  %6.2f of libpcap" % (name, frames, took * 1e9, took / best["libpcap alone"][0]))
