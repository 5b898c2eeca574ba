"""What a network does to TCP before TLS is spoken: ports reused after a loss, answers to a SYN that differ, and half-closed connections.
OpenSSL at both ends, under Python's ssl."""
from scenario import scenario

SERVER = "python3 %(here)s/tcp_servers.py %(ap)s %(port)d %(dir)s/good.pem %(dir)s/good.key "
CLIENT = "timeout 20 python3 %(here)s/tcp_client.py %(ap)s %(port)d %(name)s "
RESUMED = ["ut-7.1-resume-server", "ut-7.1-resume-ue", "ut-7.1-ticket-lifetime"]
TWICE = {"version": "0x0303", "resumed": [False, True], "method": [None, "ticket"]}
AGAIN = {"version": "0x0303", "resumed": [False, False, True], "method": [None, None, "ticket"]}

for file, shows, server, pause, away in (
        ("challenge-ack", "a challenge ACK (RFC 5961 4) of the earlier connection", "answers 5", 0.3, 0),
        ("stale-data", "data of the earlier connection, sent again and again", "answers 0.7", 1.5, 2),
        ("stale-fin", "the FIN of the earlier connection, sent again and again", "closes 0.7", 1.5, 2)):
    scenario("tcp-port-reused-" + file, "a UE loses the network and comes back on the same port: %s stands between its SYN and the SYN/ACK. "
             "The new session is resumed later" % shows, SERVER + server,
             [CLIENT + "vanishes 40000", "sleep %s; " % pause + CLIENT + "returns 40000 %s # connections=2" % away], AGAIN, passes=RESUMED)
scenario("tcp-syn-answered-twice", "two SYN/ACKs of different sequence numbers, since the server started again between them; the UE takes the second",
         SERVER + "restarts %(dir)s/restart", CLIENT + "waits %(dir)s/restart # connections=2", TWICE, passes=RESUMED)
for seconds in (1, 3, 7):
    scenario("tcp-half-closed-%ds" % seconds, "the UE half-closes behind its Finished; the server's ticket and Finished come %d s later, "
             "and the session is resumed" % seconds, SERVER + "delays %d" % seconds, CLIENT + "half-closes Finished # connections=2", TWICE,
             passes=RESUMED)
scenario("tcp-half-closed-hello", "the UE half-closes behind its hello; the server's flight comes 3 s later and remains without an answer",
         SERVER + "delays 3", CLIENT + "half-closes hello", {"version": "0x0303", "suite": "0xc030"})
