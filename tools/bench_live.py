"""How fast a live capture empties a full ring: frames over processor time, beside a bare loop of libpcap in the same run."""
import os
import re
import signal
import subprocess
import sys
import time

RING = 256 << 20


def processor_ns(pid):
    """Of each thread, as the scheduler counts it."""
    times = {}
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
            times[task] = int(f.read().split()[0])
    return times


def drained(pid):
    """Waits until the process has next to nothing to do; its processor time then, by thread."""
    last = processor_ns(pid)
    while True:
        time.sleep(0.3)
        now = processor_ns(pid)
        if sum(now.values()) - sum(last.values()) < 10**6 * len(now):  # threads look at the clock
            return last
        last = now


def drain(taps, command, capture):
    """(frames, seconds of processor time, those of the busiest thread) that it takes to empty rings which were filled while the process
    stood still."""
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
    took = [time - before.get(task, 0) for task, time in drained(reader).items()]
    p.send_signal(signal.SIGINT)
    out = p.communicate(timeout=60)[0].decode()
    # The report for people says "1,234 frames with ..." or "1234 frames with ..."
    frames = int(re.search(r"([\d,]+) frames", out).group(1).replace(",", ""))
    return frames, sum(took) / 1e9, max(took) / 1e9


def measure(capture, rounds, utwatch, other, bare):
    """Prints nanoseconds a frame of each, the best round of each."""
    from taps import Taps
    commands = {"libpcap alone": [bare, "tap0", str(RING)], "utwatch": [utwatch, "-v", "--ring", "%dMiB" % (RING >> 20), "-i", "tap0"]}
    for n in 2, 4:
        commands["%d workers" % n] = commands["utwatch"] + ["--workers", str(n)]
    if other:
        commands["the other build"] = [other] + commands["utwatch"][1:]
    best = {}
    with Taps() as taps:
        for _ in range(rounds):
            for name, command in commands.items():
                frames, took, busiest = drain(taps, command, capture)
                best[name] = min(best.get(name, (1e9, 0, 0)), (took / frames, busiest / frames, frames))
    print("%s, from a ring of %d MiB: best of %d rounds" % (capture, RING >> 20, rounds))
    for name, (took, busiest, frames) in best.items():
        print("%-16s %8d frames  %7.1f ns a frame  %6.2f of libpcap  %7.1f ns of the busiest thread" % (
            name, frames, took * 1e9, took / best["libpcap alone"][0], busiest * 1e9))
