"""The vectors of handshake messages in clear, as the RFCs lay them out (RFC 5246 4.3, 7.4; RFC 8446 4): where the length of each stands, and
whether a message is one at all. Written from these texts, not from the code under test."""

CLIENT_HELLO, SERVER_HELLO, TICKET, CERTIFICATE, KEY_EXCHANGE, REQUEST, STATUS = 1, 2, 4, 11, 12, 13, 22
TLS12, RETRY = 0x0303, bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


class Bad(Exception):
    """What no sender may send."""


class Reader:
    """A part of a message; `found`: (name, where its length stands, width of it) of every vector met."""

    def __init__(self, data, at=0, end=None, found=None, name=""):
        self.data, self.at, self.end, self.name = data, at, len(data) if end is None else end, name
        self.found = [] if found is None else found

    def left(self):
        return self.end - self.at

    def take(self, n):
        if n > self.left():
            raise Bad("%s: %d bytes instead of %d" % (self.name, self.left(), n))
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, width):
        return int.from_bytes(self.take(width), "big")

    def vector(self, name, width, least=0, most=None, each=1):
        name = (self.name + ": " if self.name else "") + name
        self.found.append((name, self.at, width))
        length = self.number(width)
        if length > self.left() or length < least or most is not None and length > most or length % each:
            raise Bad("%s: a length of %d" % (name, length))
        part = Reader(self.data, self.at, self.at + length, self.found, name)
        self.at += length
        return part

    def done(self):
        if self.left():
            raise Bad("%s: %d bytes too many" % (self.name, self.left()))


# ---- extensions, by number: what a client and what a server says

def nothing(_):
    pass  # done() demands it


def numbers(name, width=2):
    return lambda r: r.vector(name, width, 2, None, 2)


def bytes_of(name, least=1):
    return lambda r: r.vector(name, 1, least)


def one(width):
    return lambda r: r.take(width)


def server_names(r):
    names = r.vector("list", 2, 1)
    while names.left():
        names.take(1)
        names.vector("host_name", 2, 1)


def protocols(most):
    def read(r):
        names, count = r.vector("list", 2, 2), 0
        while names.left():
            names.vector("name", 1, 1)
            count += 1
        if count > most:
            raise Bad("%d protocols" % count)
    return read


def status_request(r):
    if r.number(1) == 1:
        r.vector("responder ids", 2)
        r.vector("request extensions", 2)
    else:
        r.at = r.end


def keys_of_client(r):
    shares = r.vector("list", 2)
    while shares.left():
        shares.take(2)
        shares.vector("key", 2, 1)


def key_of_server(r):
    r.take(2)
    r.vector("key", 2, 1)


def offered_psks(r):
    identities, binders = r.vector("identities", 2, 7), r.vector("binders", 2, 33)
    count = 0
    while identities.left():
        identities.vector("identity", 2, 1)
        identities.take(4)
        count += 1
    while binders.left():
        binders.vector("binder", 1, 32)
        count -= 1
    if count:
        raise Bad("another number of binders than of identities")


CLIENT = {0: server_names, 4: nothing, 5: status_request, 10: numbers("list"), 11: bytes_of("list"), 13: numbers("list"), 16: protocols(999),
          18: nothing, 22: nothing, 23: nothing, 41: offered_psks, 42: nothing, 43: numbers("list", 1), 44: lambda r: r.vector("cookie", 2, 1),
          45: bytes_of("list"), 49: nothing, 50: numbers("list"), 51: keys_of_client, 0xFF01: bytes_of("connection", 0)}
SERVER = {0: nothing, 4: nothing, 5: nothing, 11: bytes_of("list"), 16: protocols(1), 22: nothing, 23: nothing, 35: nothing, 41: one(2),
          43: one(2), 51: key_of_server, 0xFF01: bytes_of("connection", 0)}
# What a HelloRetryRequest says of keys is the group alone (RFC 8446 4.2.8).
AGAIN = {**SERVER, 44: lambda r: r.vector("cookie", 2, 1), 51: one(2)}


def extensions(r, rules):
    if not r.left():
        return
    block, seen = r.vector("extensions", 2), set()
    while block.left():
        number = block.number(2)
        if number in seen:
            raise Bad("extension %d twice" % number)
        seen.add(number)
        block.name = ""
        body = block.vector("extension %d" % number, 2)
        if number in rules:
            rules[number](body)
            body.done()


# ---- messages

def client_hello(r, _):
    r.take(34)
    r.vector("session id", 1, 0, 32)
    r.vector("suites", 2, 2, None, 2)
    r.vector("compression", 1, 1)
    extensions(r, CLIENT)


def server_hello(r, _):
    r.take(2)
    again = r.take(32) == RETRY
    r.vector("session id", 1, 0, 32)
    r.take(3)
    extensions(r, AGAIN if again else SERVER)


def certificates(r, _):
    chain = r.vector("list", 3)
    while chain.left():
        chain.vector("certificate", 3, 1)


def certificate_request(r, context):
    r.vector("types", 1, 1)
    if context["version"] >= TLS12:
        r.vector("algorithms", 2, 2, None, 2)
    authorities = r.vector("authorities", 2)
    while authorities.left():
        authorities.vector("name", 2, 1)


def key_exchange(r, context):
    kind = context["exchange"]
    if kind == "ecdhe":
        if r.number(1) != 3:
            raise Bad("an explicit curve")
        r.take(2)
        r.vector("point", 1, 1)
    else:
        for name in {"dhe": ("prime", "generator", "public value"), "rsa": ("modulus", "exponent")}[kind]:
            r.vector(name, 2, 1)
    if context["signed"]:
        if context["version"] >= TLS12:
            r.take(2)
        r.vector("signature", 2)


def ticket(r, _):
    r.take(4)
    r.vector("ticket", 2)


MESSAGES = {CLIENT_HELLO: client_hello, SERVER_HELLO: server_hello, TICKET: ticket, CERTIFICATE: certificates, KEY_EXCHANGE: key_exchange,
            REQUEST: certificate_request}


def vectors_of(kind, body, context):
    """The vectors of a message that is one; nothing of a kind that is not known."""
    r = Reader(body)
    if kind in MESSAGES:
        MESSAGES[kind](r, context)
        r.done()
    return r.found


def is_valid(kind, body, context):
    try:
        vectors_of(kind, body, context)
    except Bad:
        return False
    return True


def other_lengths(kind, body, context):
    """(which vector, what was done, the message) with the length of one vector changed, and nothing else."""
    for name, at, width in vectors_of(kind, body, context):
        length, most = int.from_bytes(body[at:at + width], "big"), (1 << 8 * width) - 1
        for what, changed in (("1 less", length - 1), ("1 more", length + 1), ("10 more", length + 10), ("0", 0), ("the most", most)):
            if 0 <= changed <= most and changed != length:
                yield name, what, body[:at] + changed.to_bytes(width, "big") + body[at + width:]
