"""Pairs of a hello and what a server answers, drawn from a seed and written as bytes. For oracle.py.

A pair is a description: what is offered, and the steps that follow in order of time. The description goes to the oracle, its bytes to
utwatch. Neither tools/messages.py nor the code of utwatch has a part in it.
"""
import struct

# Each step is (who, what, ...): ("server", "hello", suite, version), ("server", "alert", level, description), ("client", "fin").
CLIENT, SERVER = "client", "server"
GREASE = [0x0A0A + 0x1010 * i for i in range(16)]
SIGNALLING = [0x00FF, 0x5600] + GREASE
LISTED = [0x0017, 0x0018, 0x0019, 0x001A, 0x001B]
NATIVE = [0x010080, 0x020080, 0x030080, 0x040080, 0x050080, 0x060040, 0x0700C0]  # SSLv2's own ciphers
INTEGRITY_ONLY = [0xC0B4, 0xC0B5]  # RFC 9150, of TLS 1.3
TLS13 = [0x1301, 0x1302, 0x1303]
REFUSALS = [40, 71, 70, 47, 80, 112]


def draw(rng, registry):
    """A pair. registry: {code: name} of all that is named."""
    def named(word, without="\0"):
        return [c for c, n in sorted(registry.items()) if word in n and without not in n and c not in SIGNALLING + TLS13 + INTEGRITY_ONLY]

    kinds = {"listed": LISTED, "anonymous": named("_anon_"), "null": named("_NULL_"), "nothing": [0x0000],
             "weak": named("EXPORT") + named("_DES_CBC_SHA"),
             "strong": named("AES_") + named("CAMELLIA"), "mandatory": [0x000A, 0x0005], "any": named("_WITH_"), "unknown": unnamed(registry)}
    version = rng.choice([0x0301, 0x0301, 0x0302, 0x0303, 0x0303, 0x0304, 0x0300])
    pair = {"version": version, "sslv2": version < 0x0303 and rng.random() < 0.12, "steps": [], "missing": None, "session": b"", "ticket": None,
            "rng": rng.randrange(2**32)}
    mixture = rng.choices(["listed", "anonymous", "null", "nothing", "weak", "strong", "mandatory", "any", "unknown"], [6, 5, 5, 2, 4, 2, 2, 2, 1],
                          k=rng.choice([1, 1, 1, 1, 2, 3]))
    suites = [rng.choice(kinds[k]) for k in mixture for _ in range(rng.choice([1, 1, 2, 4]))]
    if version == 0x0304:
        suites = [rng.choice(INTEGRITY_ONLY + TLS13 if rng.random() < 0.5 else INTEGRITY_ONLY) for _ in range(rng.choice([1, 2]))]
    if rng.random() < 0.03:
        suites = []
    suites += rng.sample(SIGNALLING, rng.choice([0, 0, 0, 1, 2]))
    rng.shuffle(suites)
    suites = list(dict.fromkeys(suites))
    if not suites and not pair["sslv2"] and rng.random() < 0.8:
        suites = [0x00FF]
    pair["suites"] = suites
    pair["native"] = rng.sample(NATIVE, rng.choice([0, 1, 3]) if suites else 1) if pair["sslv2"] else []
    if not pair["sslv2"] and version < 0x0304:
        pair["session"] = rng.randbytes(32) if rng.random() < 0.2 else b""
        pair["ticket"] = rng.choice([None, None, None, b"", rng.randbytes(48)]) if version > 0x0300 else None
    pair["steps"] = answer(rng, pair)
    pair["missing"] = rng.choices([None, "client", "server", "client's first", "server's first"], [90, 3, 3, 2, 2])[0]
    if pair["missing"] == "server's first" and all(s[0] == CLIENT or s[1] in ("fin", "rst") for s in pair["steps"]):
        pair["missing"] = None
    return pair


def unnamed(registry):
    """Codes that no registry names; a few are enough."""
    return [c for c in (0x00D3, 0x0211, 0x0777, 0x5511, 0xC2C3, 0xC7F0) if c not in registry]


def real(pair):
    """What a server can select."""
    return [s for s in pair["suites"] if s not in SIGNALLING]


def answer(rng, pair):
    steps = []
    if not pair["sslv2"] and rng.random() < 0.2:
        steps.append((SERVER, "alert", 1, rng.choice([112, 90])))
    ways = ["accepts"] * 7 + ["alert"] * 5 + ["late alert"] * 2 + ["alert after all"] + ["close"] * 2 + ["reset"] * 2
    ways += ["hello and no more", "silence", "client leaves", "alert to one who left", "close to one who left"]
    if pair["sslv2"]:
        ways += ["v2 error"] * 6 + (["v2 hello"] * 4 if pair["native"] else [])
    if pair["version"] < 0x0304 and (pair["session"] or pair["ticket"]):
        ways += ["resumes"] * 12
    way = rng.choice(ways)
    if not real(pair) and way in ("accepts", "late alert", "alert after all", "hello and no more", "resumes"):
        way = "alert"
    if way in ("accepts", "late alert", "alert after all", "hello and no more", "resumes"):
        suite = rng.choice(real(pair))
        version = rng.choice([v for v in (0x0300, 0x0301, 0x0302, 0x0303) if v <= pair["version"]][-2:]) if pair["version"] < 0x0304 else 0x0304
        steps.append((SERVER, "hello", suite, version))
        fatal = (SERVER, "alert", 2, rng.choice(REFUSALS))
        if way == "late alert":
            # In TLS 1.3 what follows a ServerHello is encrypted: such an alert cannot be seen to be one.
            return steps + ([(SERVER, "protected"), (SERVER, "fin"), (CLIENT, "fin")] if version == 0x0304
                            else [fatal, (SERVER, "fin"), (CLIENT, "fin")])
        if way == "hello and no more":
            return steps + rng.choice([[(SERVER, "fin"), (CLIENT, "fin")], [(SERVER, "rst")],
                                       [(CLIENT, "alert", 2, 40), (CLIENT, "fin"), (SERVER, "fin")]])
        if version == 0x0304:
            return steps + [(SERVER, "ccs"), (SERVER, "protected"), (CLIENT, "ccs"), (CLIENT, "protected"), (CLIENT, "fin"), (SERVER, "fin")]
        if way == "resumes":
            return steps + [(SERVER, "ccs"), (SERVER, "finished"), (CLIENT, "ccs"), (CLIENT, "finished"), (CLIENT, "fin"), (SERVER, "fin")]
        steps.append((SERVER, "done"))
        if way == "alert after all":
            return steps + [fatal, (SERVER, "fin"), (CLIENT, "fin")]
        if rng.random() < 0.2:
            return steps + [(CLIENT, "alert", 2, 40), (CLIENT, "fin"), (SERVER, "fin")]
        return steps + [(CLIENT, "exchange"), (CLIENT, "ccs"), (CLIENT, "finished"), (SERVER, "ccs"), (SERVER, "finished"), (CLIENT, "fin"),
                        (SERVER, "fin")]
    return steps + {"alert": [(SERVER, "alert", 2, rng.choice(REFUSALS)), (SERVER, "fin"), (CLIENT, "fin")],
                    "close": [(SERVER, "fin"), (CLIENT, "fin")], "reset": [(SERVER, "rst")], "silence": [],
                    "client leaves": [(CLIENT, "fin")],
                    "alert to one who left": [(CLIENT, "fin"), (SERVER, "alert", 2, 40), (SERVER, "fin")],
                    "close to one who left": [(CLIENT, "fin"), (SERVER, "fin")],
                    "v2 error": [(SERVER, "v2 error"), (SERVER, "fin"), (CLIENT, "fin")],
                    "v2 hello": [(SERVER, "v2 hello"), (CLIENT, "fin"), (SERVER, "fin")]}[way]


# ---- bytes

def record(kind, version, body):
    return bytes([kind]) + struct.pack(">HH", version, len(body)) + body


def handshake(kind, body):
    return bytes([kind]) + struct.pack(">I", len(body))[1:] + body


def extension(number, body):
    return struct.pack(">HH", number, len(body)) + body


def hello_bytes(pair, rng):
    if pair["sslv2"]:
        codes = b"".join(c.to_bytes(3, "big") for c in pair["native"] + pair["suites"])
        body = b"\1" + struct.pack(">HHHH", pair["version"], len(codes), 0, 16) + codes + rng.randbytes(16)
        return struct.pack(">H", 0x8000 + len(body)) + body
    extensions = [(0, b"\0\x0f\0\0\x0cxcap.example"), (0x5A5A, b"\0"), (23, b""), (0xFF01, b"\0")]
    extensions = rng.sample(extensions, rng.randint(0, len(extensions)))
    if pair["ticket"] is not None:
        extensions.append((35, pair["ticket"]))
    if pair["version"] == 0x0304:
        extensions += [(43, b"\x02\x03\x04"), (10, b"\0\2\0\x1d"), (13, b"\0\2\x08\x04"), (51, b"\0\x24\0\x1d\0\x20" + rng.randbytes(32))]
    body = struct.pack(">H", min(pair["version"], 0x0303)) + rng.randbytes(32) + bytes([len(pair["session"])]) + pair["session"]
    body += struct.pack(">H", 2 * len(pair["suites"])) + b"".join(struct.pack(">H", s) for s in pair["suites"]) + b"\1\0"
    if extensions and pair["version"] > 0x0300:
        block = b"".join(extension(n, b) for n, b in extensions)
        body += struct.pack(">H", len(block)) + block
    message, outer = handshake(1, body), rng.choice([0x0300, 0x0301]) if pair["version"] > 0x0300 else 0x0300
    cut = rng.randint(1, len(message) - 1) if rng.random() < 0.2 else len(message)  # over two records, as any message may be
    return record(22, outer, message[:cut]) + (record(22, outer, message[cut:]) if message[cut:] else b"")


def step_bytes(step, pair, rng, version):
    what = step[1]
    if what == "hello":
        body = struct.pack(">H", min(step[3], 0x0303)) + rng.randbytes(32)
        resumes = any(s == (SERVER, "done") for s in pair["steps"]) is False and (SERVER, "finished") in pair["steps"]
        session = pair["session"] if resumes else rng.randbytes(32) if step[3] < 0x0304 else b""
        body += bytes([len(session)]) + session + struct.pack(">HB", step[2], 0)
        if step[3] == 0x0304:
            block = extension(43, b"\x03\x04") + extension(51, b"\0\x1d\0\x20" + rng.randbytes(32))
            body += struct.pack(">H", len(block)) + block
        return record(22, min(step[3], 0x0303), handshake(2, body))
    if what == "alert":
        return record(21, version, bytes(step[2:]))
    if what == "v2 error":
        return b"\x80\x03\0\0\1"
    if what == "v2 hello":
        spec = pair["native"][0].to_bytes(3, "big")
        body = b"\4\0\1\0\2\0\0\0\3\0\x10" + spec + rng.randbytes(16)
        return struct.pack(">H", 0x8000 + len(body)) + body
    return {"done": record(22, version, handshake(14, b"")), "ccs": record(20, version, b"\1"), "finished": record(22, version, rng.randbytes(40)),
            "exchange": record(22, version, handshake(16, b"\0\x80" + rng.randbytes(128))), "protected": record(23, version, rng.randbytes(60))}[what]


class Wire:
    """The frames of one TCP connection over IPv4, checksums right."""

    def __init__(self, number, time):
        self.ends = {CLIENT: (bytes([10, 1, number >> 8, number & 255]), 30000 + number % 20000),
                     SERVER: (bytes([172, 16, number >> 8, number & 255]), 443)}
        self.next, self.time, self.frames = {CLIENT: 1000 + number, SERVER: 900000 + number}, time, []

    def put(self, who, flags, payload=b""):
        other = SERVER if who == CLIENT else CLIENT
        (src, sport), (dst, dport) = self.ends[who], self.ends[other]
        ack = self.next[other] if flags & 16 else 0
        tcp = struct.pack(">HHIIBBHHH", sport, dport, self.next[who], ack, 80, flags, 60000, 0, 0) + payload
        total = checksum(src + dst + struct.pack(">HH", 6, len(tcp)) + tcp)
        tcp = tcp[:16] + struct.pack(">H", total) + tcp[18:]
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 60, 6, 0, src, dst)
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        self.time += 1000000
        self.frames.append((self.time, who, len(payload), bytes(12) + b"\x08\0" + ip + tcp))
        self.next[who] += len(payload) + (1 if flags & 3 else 0)


def checksum(data):
    words = struct.unpack(">%dH" % ((len(data) + 1) // 2), data + b"\0" * (len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def frames(pair, number, time):
    """[(time in ns, frame)] of the pair; UE and server have addresses of their own."""
    import random
    rng = random.Random(pair["rng"])
    wire = Wire(number, time)
    wire.put(CLIENT, 2)
    wire.put(SERVER, 18)
    wire.put(CLIENT, 16)
    hello = hello_bytes(pair, rng)
    cut = rng.randint(1, len(hello)) if rng.random() < 0.2 else len(hello)
    for part in (hello[:cut], hello[cut:]):
        if part:
            wire.put(CLIENT, 24, part)
    version = min(pair["version"], 0x0301)
    for step in pair["steps"]:
        if step[1] == "hello":
            version = min(step[3], 0x0303)
        if step[1] in ("fin", "rst"):
            wire.put(step[0], 17 if step[1] == "fin" else 20)
        else:
            wire.put(step[0], 24, step_bytes(step, pair, rng, version))
    for who in (CLIENT, SERVER):
        wire.put(who, 16)  # each has had all that the other sent
    return [(t, f) for t, f in kept(wire.frames, pair["missing"])]


def kept(sent, missing):
    """What was captured: all of it, one direction, or all but the first segment with data of one side."""
    gone = False
    for time, who, size, frame in sent:
        if missing in (CLIENT, SERVER) and who == missing:
            continue
        if missing == who + "'s first" and size and not gone:
            gone = True
            continue
        yield time, frame
