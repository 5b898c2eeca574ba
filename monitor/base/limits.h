/* The bounds that an operator or an auditor asks for: caps of tables, memory, and times. A constant of a
 * format, of a protocol or of a page is where it is used. */
#ifndef UTWATCH_BASE_LIMITS_H
#define UTWATCH_BASE_LIMITS_H

/* decode */
#define MAX_VLAN_TAGS      4     /* 802.1ad stacks of 2 are common, 4 is what mirrors of mirrors reach */
#define MAX_ENCAPSULATIONS 8     /* wrappers around one segment; deeper nesting is counted and not followed */
#define MAX_LABELS         16    /* MPLS label stack */
#define FRAGMENT_SLOTS     256   /* datagrams in reassembly at a time; the oldest goes first */
#define FRAGMENT_BYTES     65535 /* the largest IP datagram */
#define FRAGMENT_SECONDS   30    /* RFC 791 suggests 15, Linux keeps 30 */
#define FRAGMENT6_SECONDS  60    /* RFC 8200 4.5 */

/* evidence */
#define EVIDENCE_RING           (64U << 20) /* bytes of frames kept for alerts that may come */
#define EVIDENCE_CONNECTIONS    65536       /* connections whose frames are found in it */
#define EVIDENCE_BYTES          65536       /* of one connection */
#define EVIDENCE_FRAMES         2048        /* of one connection */
#define EVIDENCE_FILES_PER_HOUR 3600        /* of packet time; the first ones show what is wrong */
#define EVIDENCE_FOLDER_BYTES   (1LL << 30) /* of all files in the folder; the oldest go first */
#define EVIDENCE_FOLDER_FILES   65536       /* likewise */
#define MAX_STREAMS             131072      /* connections numbered as Wireshark does; power of two */

/* flow */
#define DEFAULT_FLOWS            262144 /* connections followed at a time; 128 bytes each */
#define DEFAULT_HANDSHAKES       50000  /* handshakes in progress at a time */
#define GREEDY_SHARE             16     /* more than one in so many are of one client: its own go first */
#define UNCONFIRMED_SHARE        4    /* one in so many of them may be unconfirmed at the expense of others */
#define OUT_OF_ORDER_STORES      2048 /* directions with something held out of order at a time */
#define OUT_OF_ORDER_PIECES      64   /* of one direction; a longer list would be an attack (SegmentSmack) */
#define DOUBTED_PIECES           8    /* of one direction, from segments with a wrong checksum */
#define OUT_OF_ORDER_BYTES       65536 /* bytes held for one direction */
#define OUT_OF_ORDER_SECONDS     5 /* a hole not filled by then is a gap; TCP's first retries come sooner */
#define RECENT_BYTES             16384 /* of a direction: what a retransmission in a handshake is compared with */
#define SEARCHED_BYTES           4096 /* likewise, before TLS: a tap has many connections without it */
#define SEARCHED_SHARE           8    /* one in so many of them is of a connection before its TLS */
#define RECENT_SHARE             6048 /* of both directions of a handshake, on average */
#define KEPT_SHARE               4    /* one in so many of them is of a handshake that has just ended */
#define COPY_SECONDS             2    /* after a start or end, in which segments may be captured once more */
#define REWRITTEN_SECONDS        5    /* in which a connection may begin once more with other numbers */
#define KEPT_SECONDS             2    /* for which its bytes are compared with what comes late */
#define SEQUENCE_WINDOW          1048576 /* bytes ahead or behind that a segment may lie to be believed */
#define FLOW_REUSE_SECONDS       60 /* after this quiet, foreign sequence numbers mean a new connection */
#define HANDSHAKE_IDLE_SECONDS   60 /* a handshake that makes no progress is judged as it is */
#define REFUSAL_SECONDS          4 /* after which a server that ends without a word may only have waited in vain */
#define HANDSHAKE_LINGER_SECONDS 2     /* after an end that later data could contradict */
#define ENDED_AT_A_FRAME         8     /* handshakes and connections whose time is over, of each kind */
#define TOLD_AT_A_STATEMENT      2     /* of those held back; several statements may come with a frame */
#define SEARCH_BYTES             65536 /* how far into a direction a later TLS start is looked for */

/* tls */
#define AWAKE_HANDSHAKES 1024 /* whose facts are not packed */
#define HANDSHAKE_SHARE  4032 /* bytes of packed facts and half messages of a handshake, on average */
#define MAX_MESSAGE_BYTES                                                                                    \
    131396 /* one handshake message; a ClientHello cannot be longer (RFC 5246 7.4.1.2) */
#define MAX_RECORD_BYTES         18432 /* RFC 2246 6.2.3: 2^14 + 2048 */
#define MAX_SUITES_LISTED        512 /* suites kept in order for the events; tests over the offer stay exact */
#define MAX_EXTENSIONS           128 /* extension numbers kept in order, client */
#define MAX_SERVER_EXTENSIONS    32
#define MAX_GROUPS               64
#define MAX_SIGNATURE_ALGORITHMS 64
#define MAX_VERSIONS             16 /* of supported_versions */
#define MAX_COMPRESSION          8
#define MAX_CERTIFICATE_TYPES    16
#define MAX_ALERTS               8   /* alerts in clear of one handshake */
#define MAX_HISTORY              100 /* letters, as Zeek's ssl_history */
#define MAX_CHAIN                16  /* certificates of one message that are looked at */
#define CLIENT_NAMES_TEXT        512 /* bytes for the names of the client's certificate */
#define OBSERVATION_TEXT                                                                                     \
    (6144 + CLIENT_NAMES_TEXT)    /* bytes for names: SNI, ALPN, subject, issuer, alternative names */
#define KNOWN_CHAINS         2048 /* Certificate messages whose facts are remembered by their bytes */
#define KNOWN_CHAIN_BYTES    6144 /* of a message; longer ones are parsed each time */
#define KNOWN_CHAIN_TEXT     2048 /* bytes of the names in it */
#define KNOWN_HELLOS         4096 /* ClientHellos that are known by what they say */
#define KNOWN_HELLO_CODES    320
#define LAST_ANSWERS         1024 /* of both sides' hellos, by which another side of a handshake is known */
#define MAX_HOST_NAME        255
#define MAX_ALT_NAMES        128
#define MAX_CLIENT_ALT_NAMES 8    /* of the client's certificate */
#define CLEAR_BYTES          4096 /* of a side's data under NULL encryption, until the handshake is judged */
#define MAX_ALPN             16
#define KEPT_MESSAGES        16   /* of a handshake, in clear, for the HTML report */
#define KEPT_HANDSHAKES      4096 /* in progress, whose messages are kept */
#define KEPT_BYTES           8192 /* of all of them */
#define KEPT_MESSAGE_BYTES   4096 /* of one; what comes after that is left out */
#define MAX_PSK_IDENTITIES   4    /* of a ClientHello, that are looked up in the session memory */

/* http */
#define DEFAULT_HTTP_CONNECTIONS 4096 /* connections in clear that are read at a time */
#define HTTP_HEAD_BYTES          8192 /* of one message; servers commonly accept no more */
#define HTTP_PIPELINE            8    /* requests of a connection that wait for their answer */
#define HTTP_LEFT_OUT            64 /* further HTTP/2 requests at one time, of which each is reported as left out */
#define HTTP_NAME_BYTES          128 /* kept of a host, a path's user, an identity */
#define HTTP_IDLE_SECONDS        120 /* a quiet connection is judged as it is */

/* session */
#define INPUT_JITTER_MS          10 /* by which a ring's next file may begin before the last one's end */
#define CLOCK_SET_SECONDS        2 /* a frame that much before the last one of its capture: the clock went back */
#define CLOCK_PAUSE_SECONDS      60   /* without a frame: the clock may have been set ahead */
#define SHARED_QUESTIONS         4096 /* sessions that other sensors are asked about at a time */
#define SHARED_PATIENCE_MS       200  /* for their answer; longer means that it is not known */
#define SHARED_START_SECONDS     1    /* that Redis may take for its first answer, before any packet */
#define SHARED_FLUSH_SECONDS     2    /* that the last news may take at the end */
#define SHARED_RING              16384 /* power of two: questions and news on their way to the thread that asks */
#define SHARED_UNDER_WAY         1024   /* news that Redis has not answered yet */
#define SHARED_OUTBOX            262144 /* sessions to be sent once Redis is back; 40 bytes each */
#define WAITING_HANDSHAKES       1024 /* that are judged when the answer is here, in the order of their ends */
#define FORGOTTEN_HOURS          24   /* at least, for which it is known who was evicted from a table */
#define RECENT_SESSIONS          4096 /* that late bytes may still contradict, by flow; see KEPT_SECONDS */
#define RECENT_LESSONS           4096 /* likewise, of handshakes about their server and UE */
#define UNIQUE_ID                16   /* bytes: an id of as many is unique by chance (RFC 2246 F.1.4) */
#define MET_HANDSHAKES           (1 << 21) /* bits for the randoms of full handshakes, to know copies */
#define MET_RANDOMS              (1 << 17) /* of the last ones, with their times */
#define MISSED_PAIRS             4096  /* of UE and server, by hash, of whose handshakes a part was missed */
#define DEFAULT_RETENTION_DAYS   8     /* after its last use: the lifetime of 7.1, and seven days beyond it */
#define TABLE_SERVERS            16384 /* that issued remembered sessions */
#define TABLE_JUMPS              64 /* times at which the clock was set; later ones are joined with earlier ones */
#define CHALLENGED_SESSIONS      4096 /* of which a server asked for authentication; a multiple of WAYS */
#define MAX_FARMS                64
#define FARM_MEMBERS             32
#define REDIS_NODES              16   /* of a cluster */
#define REDIS_COMMANDS           4096 /* without an answer at a time */
#define REDIS_ANSWER_SECONDS     2    /* after which a command has failed */
#define REDIS_RETRY_MS           250  /* before the first new attempt; twice as long each time, up to: */
#define REDIS_RETRY_MOST_SECONDS 4
#define SHARED_KEY_SECONDS       60       /* between looks at the common key */
#define DEFAULT_SESSIONS         10000000 /* remembered at a time; 24 bytes each at a load of 80 % */

/* peers */
#define DEFAULT_SERVERS       16384 /* whose abilities are remembered */
#define DEFAULT_UES           65536
#define MAX_NAMES_OF_ADDRESS  64    /* servers behind one address and port, by name */
#define MAX_TOLD_NAME         96    /* bytes of such a name as reports have it; a longer one is cut */
#define MAX_REFUSALS          6     /* clients and kinds of hellos that one server refused */
#define MAX_KNOWN_ANSWERS     8     /* hellos of which is remembered what a server selected */
#define MAX_HELLO_SHAPES      8     /* different hellos, but for their suites, that a server accepted */
#define DEFAULT_PEERS_SECONDS 86400 /* of packet time, after which they are judged again */
/* Seconds for which servers keep sessions by default, the least of the usual ones; and for which an attempt
 * is looked at where a server says that it keeps them for longer. */
#define RESUME_USUAL  300
#define RESUME_RECENT 3600
#define RESUME_OTHERS 32 /* sessions that a small cache of a server keeps beside another */
#define PEER_RULES    16 /* of a profile, whose findings about a peer are remembered */

/* policy */
#define MAX_RULES            512 /* of a profile, and of all that give advice */
#define MAX_ADVICE           8
#define MAX_RULES_FILE_BYTES 1048576
#define MAX_YAML_DEPTH       32
#define MAX_EXTENDS_DEPTH    8
#define CASES_OF_RULE        16 /* `fail` and `pass` */
#define NODES_OF_CONDITION   128
#define VALUES_OF_PROFILE    4096
#define SETS_OF_PROFILE      128
#define STRINGS_OF_PROFILE   1024    /* texts and patterns in conditions */
#define NETWORKS_OF_PROFILE  1024    /* addresses and networks in conditions */
#define KNOWN_VERDICT_BYTES  4194304 /* of a profile: verdicts on cases that others are decided like */
#define KNOWN_VERDICT_STEPS  65536   /* results of tests that lead to them */
#define KNOWN_CLASSED        4096    /* chains, and hellos, whose class is remembered */
#define KNOWN_CLASS_BYTES    65536   /* of a profile: what the classes of chains answer, and of hellos */

/* capture */
#define MAX_INTERFACES        16
#define MAX_WORKERS           16       /* threads that parse in live capture */
#define MAX_MERGED            64       /* files read side by side, each with a window of a megabyte or more */
#define DEFAULT_RING          67108864 /* bytes of the kernel's ring; at 200,000 packets a second some seconds */
#define DEFAULT_STATS_SECONDS 60
#define DEFAULT_QUIET_SECONDS 300 /* without a packet; a mirror port is seldom silent for so long */
#define DEFAULT_LAG_SECONDS   5   /* from a packet's arrival until it is judged */
#define MERGE_HOLD_MS         200 /* that a frame is held back for earlier ones of other interfaces */
#define DRAIN_SECONDS         15  /* at most, for frames that had arrived before the end */
#define MOST_ONE_SIDED        50 /* percent of connections; a higher share means that the mirror is at fault */
#define ENOUGH_CONNECTIONS    20    /* in an interval, for a share of them to mean something */
#define MAX_FILE_INTERFACES   65536 /* of a pcapng file's section */
#define XZ_MOST_MEMORY        (UINT64_C(128) << 20) /* xz -9 needs 65 MiB; a hostile file may ask for 4 GiB */

/* report */
#define MAX_EVENT_BYTES    65536
#define MAX_OFFENDERS      64  /* servers or UEs remembered for one rule; later ones are only counted */
#define MAX_STACKS         256 /* UE stacks (JA4); later ones are only counted */
#define KNOWN_MEMBERS      4096 /* parts of events about hellos and certificates, remembered by what they say */
#define KNOWN_MEMBER_CODES 64   /* numbers that tell what one says */
#define KNOWN_MEMBER_BYTES 2048
#define MAX_RULE_STACKS    16     /* of them, those kept for one rule */
#define MAX_UE_STACKS      16384  /* pairs of UE and stack, to name the stacks of a UE; power of two */
#define MAX_FIRST_SIGHTS   131072 /* breaches of superseded demands, once an offender; power of two */
#define MAX_KINDS          16384  /* kinds of violation that the text report distinguishes; power of two */
#define SUMMED_ALERTS      16384  /* alerts whose repetitions are summed for syslog at a time; power of two */
#define SHOWN_OF_A_KIND    3      /* equal violations shown singly */
#define MAX_AGE_ROWS       256  /* servers by method in the ages of reused sessions; later ones share a row */
#define MAX_FINDINGS       1024 /* shown one by one in the HTML report; later ones are only counted */
#define FINDINGS_OF_RULE   5    /* of them, by different offenders */
#define FINDING_BYTES      393216 /* of the records behind all of them */
#define MAX_PARTIES        1024   /* servers in the HTML report; later ones share a row */

/* syslog */
#define MAX_RECEIVERS               8
#define DEFAULT_SPOOL_BYTES         (UINT64_C(64) << 20) /* of all spools together */
#define LEAST_SPOOL_BYTES           (UINT64_C(1) << 20)
#define SPOOL_MEMORY_BYTES          (UINT64_C(16) << 20) /* that wait in memory because the disk refuses */
#define DEFAULT_SUMMARY_SECONDS     60  /* of packet time, in which equal alerts are summed */
#define RECEIVER_STEP_SECONDS       10  /* for each of look-up, connect, TLS, and RELP's open */
#define RECEIVER_RETRY_MS           100 /* before the first new attempt; twice as long each time, up to: */
#define RECEIVER_RETRY_MOST_SECONDS 10
#define RECEIVER_PROVEN_SECONDS     2 /* after which a connection counts as working */
#define RECEIVER_REFUSALS           5 /* of a RELP message, while others are accepted, after which it is given up */
#define RECEIVER_DEAD_SECONDS       30 /* without an acknowledgement of TCP */
#define RECEIVER_NEWS_SECONDS       60 /* between messages about one receiver */
#define WINDOW_SECONDS              2  /* without RELP, for which sent messages count as not arrived */
#define DATAGRAM_MS                 200 /* likewise of UDP: until then a host may have said that nobody listens */
#define DELIVERY_PATIENCE           (10 * NANOS_PER_SECOND) /* at the end, with receivers that are slow or away */

/* scrape */
#define SCRAPE_CONNECTIONS   8      /* at a time; the oldest gives way */
#define SCRAPE_REQUEST_BYTES 4096   /* of its head; scrapers send some hundred */
#define SCRAPE_SECONDS       5      /* from the first byte of a connection to its last */
#define SCRAPES_PER_SECOND   50     /* connections that are taken; others wait in the kernel */
#define SCRAPE_PAGE_BYTES    524288 /* 512 rules with five verdicts, and all counters */
#define METRICS_BYTES        458752 /* of it, those of the sensor */
#define METRICS_MS           1000   /* between two writings of them */

/* process */
#define RESTART_MS            100 /* before a process is started again; twice as long each time, up to: */
#define RESTART_MOST_MS       10000
#define PROVEN_SECONDS        60 /* of life, after which a death counts as the first again */
#define HANG_SECONDS          8  /* without a sign of the sensor's loop */
#define END_SECONDS           30 /* for an end in order */
#define ORPHAN_SECONDS        20 /* that a writer without supervisor waits for the sensor's end */
#define RING_PATIENCE_SECONDS 5  /* that a report waits for room, and the writer for its outputs */

/* app */
#define DOCKET_PLACES         1024 /* statements of a worker that are not judged; it waits for more */
#define HELD_HANDSHAKES       1280 /* with a breach that may still be contradicted */
#define HELD_IN_CLEAR         2048 /* likewise, of clear text */
#define DISOWNED_MILLISECONDS 100  /* in which an end answers what it knows nothing of */
#define DOCKET_ANSWERS        4096 /* of the judge, on their way to a worker */
#define DOCKET_JUMP_SECONDS   60   /* of packet time between two workers; more means that the clock was set */
#define MAX_TUNNEL_ENDS       32   /* networks of tunnel ends that the configuration lists */
#define MAX_TUNNEL_PORTS      16   /* likewise, ports of UDP of all kinds */
#define MAX_SCOPE             256  /* servers, ports or names that the configuration calls Ut */
#define MAX_EXCEPTIONS        256
#define MAX_OVERRIDES         2          /* parameters of a profile that the configuration sets */
#define PARCEL_RING           (64 << 20) /* bytes on their way to the writer: a second of a busy tap */
#define LINES_WAITING         (1 << 20)  /* bytes of events that wait for a full disk */

#endif
