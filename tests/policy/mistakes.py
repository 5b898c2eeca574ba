#!/usr/bin/env python3
"""Every mistake of a rule file is reported, at its place, in one run. usage: mistakes.py UTWATCH"""
import os
import resource
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from checks import check, finish  # noqa: E402

HEAD = "utwatch: 1\nprofile: x\ntitle: t\nparameters: { limit: 128, on: true }\nsets: { few: [0x0005] }\nrules:\n"  # 6 lines
RULE = "  - { id: r, sid: 1, clause: c, requires: q, binds: ue, severity: low, "  # the condition begins in column 73
MINE = "utwatch: 1\nprofile: x\ntitle: t\nextends: [ts33141-pcr2]\nparameters: "
LONG = "  - id: r\n    sid: 1\n    clause: c\n    requires: q\n    binds: ue\n    severity: low\n"  # lines 7 to 12

# text of the file, and for each mistake (line, column or None, a part of the message)
CASES = [
    (HEAD + LONG + "    fail: { server.vresion: SSLv3 }\n", [(13, 13, "did you mean 'server.version'")]),
    (HEAD + LONG + "    fail: { server.version: SSLv4 }\n", [(13, 29, "did you mean 'SSLv")]),
    (HEAD + LONG + "    fail: { server.reaction: acepted }\n", [(13, 30, "did you mean 'accepted'")]),
    (HEAD + LONG + "    fail: { server.suite: TLS_RSA_WITH_RC4_128_SHB }\n", [(13, 27, "TLS_RSA_WITH_RC4_128_SHA")]),
    (HEAD + LONG + "    fail: { server.suite: $fwe }\n", [(13, 27, "did you mean 'few'")]),
    (HEAD + LONG + "    fail: { server.key-bits: { belo: 5 } }\n", [(13, 32, "did you mean 'below'")]),
    (HEAD + LONG + "    fail: { server.key-bits: { below: $limt } }\n", [(13, 39, "did you mean 'limit'")]),
    (HEAD + LONG + "    fail: { server.key-bits: { below: many } }\n", [(13, 39, "expected a number, as 128 or 0x80, or a $parameter")]),
    (HEAD + LONG + "    fail: { server.key-bits: { at-least: 5, below: 3 } }\n", [(13, 30, "never be true")]),
    (HEAD + LONG + "    fail: { server.key-bits: { \"<\": 5 } }\n", [(13, 32, "did you mean 'below'")]),
    (HEAD + LONG + "    fail: { server.key-bits: { greater-than: 5 } }\n", [(13, 32, "did you mean 'above'")]),
    (HEAD + LONG + "    fail: { hello.sni: { regex: x } }\n", [(13, 26, "did you mean 'matches'")]),
    (HEAD + LONG + "    fail: { certificate.key: rsa }\n", [(13, 30, "did you mean 'RSA'")]),
    (HEAD + LONG + "    fail: { Server.Version: SSLv3 }\n", [(13, 13, "did you mean 'server.version'")]),
    (HEAD + LONG + "    fail: { server.suite: AES128-SHA }\n", [(13, 27, "did you mean 'TLS_RSA_WITH_AES_128_CBC_SHA'")]),
    (HEAD + LONG + "    fail: { server.suite: ECDHE-RSA-AES128-GCM-SHA256 }\n", [(13, 27, "'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'")]),
    (HEAD + RULE.replace("low", "urgent") + "fail: { hello.ticket: true } }\n", [(7, None, "it is one of info, low, medium, high")]),
    (HEAD + LONG + "    fail: { http.over: x }\n", [(13, 24, "it is one of plain, null-encryption")]),
    (HEAD + LONG + "    fail: { hello.ticket: 5 }\n", [(13, 27, "true or false")]),
    (HEAD + LONG + "    fail: { hello.ticket: { below: 5 } }\n",
     [(13, 29, "compares numbers; 'hello.ticket' is true or false: write it as hello.ticket: VALUE")]),
    (HEAD + LONG + "    fail: { hello.sni: { all: [a] } }\n", [(13, None, "'hello.sni' is a text: write it as hello.sni: VALUE")]),
    (HEAD + LONG + "    fail: { server.version: { matches: x } }\n",
     [(13, None, "applies to texts and addresses; 'server.version' is a version: write it as server.version: VALUE")]),
    (HEAD + LONG + "    fail: { offered.suites: $few }\n", [(13, 29, "all, any or none")]),
    (HEAD + LONG + "    fail: { offered.suites: { all: { like: $few } } }\n", [(13, None, "{ in: ... }")]),
    (HEAD + LONG + "    fail: { server.version: [] }\n", [(13, 29, "never be true")]),
    (HEAD + LONG + "    fail: []\n", [(13, 11, "write one, as { FIELD: VALUE }")]),
    (HEAD + LONG + "    fail: {}\n", [(13, 11, "{ FIELD: VALUE }")]),
    (HEAD + LONG + "    fail: yes\n", [(13, 11, "{ FIELD: VALUE }")]),
    (HEAD + LONG + "    fail: { not: x }\n", [(13, 18, "{ FIELD: VALUE }")]),
    (HEAD + LONG + "    fail: { any-of: [x] }\n", [(13, None, "as { FIELD: VALUE }")]),
    (HEAD + LONG + "    fail:\n      any-of: { hello.ticket: true, hello.psk: true }\n", [(14, 15, "'any-of' has a list, as [{ FIELD: VALUE }")]),
    (HEAD + LONG.replace("id: r", "id: 'a b'") + "    fail: { hello.ticket: true }\n", [(7, None, "letters, digits, '.', '_' and '-'")]),
    (HEAD + LONG.replace("sid: 1", "sid: 0777") + "    fail: { hello.ticket: true }\n", [(8, None, "a decimal number from 1")]),
    (HEAD + LONG.replace("sid: 1", "sid: 0x10") + "    fail: { hello.ticket: true }\n", [(8, None, "a decimal number from 1")]),
    (HEAD + LONG + "    title: " + 81 * "t" + "\n    fail: { hello.ticket: true }\n", [(13, None, "a title of 81 characters")]),
    (HEAD + LONG + "    superseded: true\n    fail: { hello.ticket: true }\n", [(13, None, "names what took the demand's place")]),
    (HEAD + LONG.replace("binds: ue", "binds: [ue, server]") + "    fail: { hello.ticket: true }\n", [(11, None, "'binds' has to be one value")]),
    (HEAD + LONG + "    fail: { or: [{ hello.ticket: true }] }\n", [(13, 13, "did you mean 'any-of'")]),
    (HEAD + LONG + "    fail: { all-of: [{ hello.ticket: true }] }\n", [(13, 13, "side by side all have to hold")]),
    (HEAD + LONG + "    fail: { none-of: [{ hello.ticket: true }] }\n", [(13, 13, "did you mean 'not'")]),
    (HEAD + LONG + "    fail: { certificate.bits: { minimum: 5 } }\n", [(13, None, "did you mean 'at-least'")]),
    (HEAD + LONG + "    fail: { parameter.onn: true }\n", [(13, 13, "did you mean 'on'")]),
    (HEAD + LONG + "    fail: { parameter.on: maybe }\n", [(13, 27, "true or false")]),
    (HEAD + LONG + "    fail: { parameter.limit: { below: 0 } }\n", [(13, 39, "never be true")]),
    (HEAD + LONG + "    fail: { parameter.on: { below: 3 } }\n", [(13, 27, "no number that can be compared")]),
    (HEAD + LONG + "    fail: { parameter.limit: { under: 3 } }\n", [(13, 32, "below, above, at-least and at-most")]),
    (HEAD + LONG + "    fail: { parameter.limit: { below: [3] } }\n", [(13, 39, "expected one number")]),
    (HEAD + LONG + "    fail: { parameter.limit: { below: much } }\n", [(13, 39, "not a number")]),
    (HEAD + LONG + "    fail: { parameter.limit: { below: $limti } }\n", [(13, 39, "did you mean 'limit'")]),
    (MINE + "{ encryption-required: yes }\n", [(5, 36, "true or false, not 'yes'")]),
    (MINE + "{ encryption-required: 1 }\n", [(5, 36, "true or false, not '1'")]),
    (MINE + "{ session-lifetime: 24x }\n", [(5, 33, "a duration, as 24h, not '24x'")]),
    (MINE + "{ session-lifetime: 24 }\n", [(5, 33, "a duration, as 24h, not '24'")]),
    (MINE + "{ clock-tolerance: 1 s }\n", [(5, 32, "a duration, as 1s")]),
    (MINE + "{ key-bits-3des: -1 }\n", [(5, 30, "a number without a unit, as 168")]),
    (MINE + "{ minimum-key-bits: 2h }\n", [(5, 33, "a number without a unit, as 128")]),
    (MINE + "{ authenticates-ue: GBA }\n", [(5, 33, "is none or gba")]),
    (HEAD + LONG + "    fail: { server.version: { present: maybe } }\n", [(13, None, "true or false")]),
    (HEAD + LONG + "    fail: { certificate.key-usage: { all: [keyEncipherent] } }\n", [(13, None, "did you mean 'keyEncipherment'")]),
    (HEAD + LONG + "    fail: { hello.ticket: true }\n    observed: \"{server.suit}\"\n", [(14, 15, "did you mean 'server.suite'")]),
    (HEAD + LONG + "    fail: { hello.ticket: true }\n    observed: \"{server.suite\"\n", [(14, 15, "without its '}'")]),
    (HEAD + LONG + "    fail: { hello.ticket: true }\n    observed: \"{peer.full-offers hello}\"\n",
     [(14, 15, "needs two nouns, for one and for more")]),
    (HEAD + LONG + "    fail: { hello.ticket: true }\n    observed: \"{server.suite suite suites}\"\n",
     [(14, 15, "is not a number, so no noun can follow it")]),
    (HEAD + LONG + "    fail: [{ hello.ticket: true, fault: eu }]\n", [(13, None, "did you mean 'ue'")]),
    (HEAD + LONG + "    fale: { hello.ticket: true }\n", [(13, 5, "did you mean 'fail'"), (7, 5, "as fail: { FIELD: VALUE }")]),
    (HEAD + LONG + "    fail: { hello.ticket: true }\n    never: fial\n", [(14, 12, "did you mean 'fail'")]),
    (HEAD + LONG + "    fail: { hello.ticket: true }\n    basis: guess\n", [(14, 12, "'guess' is not a valid value for 'basis'")]),
    (HEAD + LONG.replace("severity: low", "severity: lo") + "    fail: { hello.ticket: true }\n", [(12, 15, "did you mean 'low'")]),
    (HEAD + LONG.replace("binds: ue", "binds: client") + "    fail: { hello.ticket: true }\n",
     [(11, 12, "'client' is not a valid value for 'binds'")]),
    (HEAD + LONG.replace("sid: 1", "sid: none") + "    fail: { hello.ticket: true }\n", [(8, 10, "number from 1")]),
    (HEAD + LONG.replace("sid: 1", "rev: 1") + "    fail: { hello.ticket: true }\n", [(7, 5, "'sid' is missing: a number that no other rule has")]),
    (HEAD + LONG.replace("    clause: c\n", "") + "    fail: { hello.ticket: true }\n", [(7, 5, "'clause' is missing: where the demand is")]),
    (HEAD + LONG.replace("    requires: q\n", "") + "    fail: { hello.ticket: true }\n", [(7, 5, "'requires' is missing: the demand in words")]),
    (HEAD + LONG.replace("id: r", "name: r") + "    fail: { hello.ticket: true }\n", [(7, 5, "'id' is missing: a name that no other rule has")]),
    (HEAD + RULE + "fail: { hello.ticket: true } }\n" + RULE + "fail: { hello.ticket: true } }\n",
     [(8, 5, "twice (first on line 7): give one of them another id")]),
    (HEAD + RULE + "fail: { hello.ticket: true } }\n" + RULE.replace("id: r,", "id: s,") + "fail: { hello.ticket: true } }\n",
     [(8, 19, "sid 1 also belongs to rule 'r': give one of them another number")]),
    (HEAD + "  - x\n", [(7, 5, "a rule has to be a mapping, as - id: NAME")]),
    (HEAD.replace("rules:\n", "rules: x\n"), [(6, 8, "'rules' has to be a list, in which each rule begins with - id: NAME")]),
    (HEAD.replace("rules:\n", "") + "rulse: []\n", [(6, 1, "did you mean 'rules'")]),
    (HEAD.replace("utwatch: 1", "utwatch: 2") + LONG + "    fail: { hello.ticket: true }\n", [(1, 10, "unknown version '2' of the rule language")]),
    (HEAD.replace("utwatch: 1\n", "") + LONG + "    fail: { hello.ticket: true }\n", [(1, 1, "utwatch: 1")]),
    (HEAD.replace("title: t\n", "") + LONG + "    fail: { hello.ticket: true }\n", [(1, 1, "'title' is missing")]),
    (HEAD.replace("[0x0005]", "{ flag: [exprt] }") + LONG + "    fail: { hello.ticket: true }\n", [(5, None, "(--list-suites shows them)")]),
    (HEAD.replace("[0x0005]", "{ flagg: export }") + LONG + "    fail: { hello.ticket: true }\n", [(5, 16, "no property 'flagg'")]),
    (HEAD.replace("[0x0005]", "[$few]") + LONG + "    fail: { server.suite: $few }\n", [(5, None, "contains itself")]),
    (HEAD.replace("[0x0005]", "{ bits: { below: 0 } }") + LONG + "    fail: { hello.ticket: true }\n", [(5, None, "empty set")]),
    (HEAD.replace("limit: 128", "limit: [1]") + LONG + "    fail: { hello.ticket: true }\n", [(4, None, "as minimum-key-bits: 128")]),
    ("utwatch: 1\nprofile: x\ntitle: t\nextends: [nowhere]\n", [(4, 11, "'nowhere': no such profile in")]),
    ("utwatch: 1\nprofile: x\ntitle: t\nextends: [ts33141-pcr2]\ndrop: [ut-6.2-null-integrty]\n", [(5, 8, "did you mean 'ut-6.2-null-integrity'")]),
    ("utwatch: 1\nprofile: x\ntitle: t\nextends: [ts33141-pcr2]\nparameters: { minimum-key-bit: 1 }\n", [(5, 15, "did you mean 'minimum-key-bits'")]),
    ("utwatch: 1\nutwatch: 1\nprofile: x\ntitle: t\n", [(2, 1, "duplicate key 'utwatch' (first on line 1)")]),
    ("a: &b 1\nc: *b\n", [(1, 4, "write the value out"), (2, 4, "write the value out")]),
    ("a: !!str 1\n", [(1, 4, "leave it out")]),
    ("a: 1\n---\nb: 2\n", [(2, 1, "second document")]),
    ("? [a]\n: 1\n", [(1, 3, "a key must be a plain word")]),
    ("a: [1\n", [(None, None, "not YAML")]),
    ("a: \"\\q\"\n", [(1, None, "not YAML")]),
    ("- 1\n", [(1, 1, "a profile has to be a mapping")]),
    ("", [(None, None, "an empty file")]),
    ("x: " + "[" * 100000, [(1, None, "nested too deeply")]),
    ("x: " + "[" * 40 + "]" * 40 + "\n", [(1, None, "nested too deeply")]),
    ("# only words\n", [(None, None, "an empty file: it holds nothing, or nothing but comments")]),
    (HEAD.replace("[0x0005]", "[RC4-SHA]") + LONG + "    when: { server.suite: $few }\n    fail: { offered.suites: { any: { in: $few } } }\n",
     [(5, 15, "no suite 'RC4-SHA'")]),
    (HEAD + "  # caf\udce9\n" + LONG, [(7, 9, "not YAML: invalid"), (7, 9, "write the file in UTF-8")]),
    (HEAD + LONG.replace("sid: 1", "sid: 7") + "    fail: { hello.ticket: true }\n" + LONG.replace("id: r", "id: s").replace("sid: 1", "sid: 7")
     + "    fail: { hello.ticket: false }\n", [(15, 10, "sid 7 also belongs to rule 'r'")]),
    ("#" * (1 << 20) + "\n", [(None, None, "larger than 1 MiB")]),
]
# What ciphers(1) of OpenSSL 1.0.2 calls the suites, which its library no longer has.
CASES += [
    (HEAD + LONG + "    fail: { server.suite: %s }\n" % name, [(13, 27, "did you mean 'TLS_%s'" % meant)]) for name, meant in (
        ("RC4-SHA", "RSA_WITH_RC4_128_SHA"),
        ("RC4-MD5", "RSA_WITH_RC4_128_MD5"),
        ("DES-CBC-SHA", "RSA_WITH_DES_CBC_SHA"),
        ("des-cbc3-sha", "RSA_WITH_3DES_EDE_CBC_SHA"),
        ("EXP-RC4-MD5", "RSA_EXPORT_WITH_RC4_40_MD5"),
        ("EXP-RC2-CBC-MD5", "RSA_EXPORT_WITH_RC2_CBC_40_MD5"),
        ("EXP-DES-CBC-SHA", "RSA_EXPORT_WITH_DES40_CBC_SHA"),
        ("IDEA-CBC-SHA", "RSA_WITH_IDEA_CBC_SHA"),
        ("DH-DSS-DES-CBC3-SHA", "DH_DSS_WITH_3DES_EDE_CBC_SHA"),
        ("EXP-DH-RSA-DES-CBC-SHA", "DH_RSA_EXPORT_WITH_DES40_CBC_SHA"),
        ("EDH-RSA-DES-CBC3-SHA", "DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
        ("EXP-EDH-DSS-DES-CBC-SHA", "DHE_DSS_EXPORT_WITH_DES40_CBC_SHA"),
        ("ADH-RC4-MD5", "DH_anon_WITH_RC4_128_MD5"),
        ("EXP-ADH-RC4-MD5", "DH_anon_EXPORT_WITH_RC4_40_MD5"),
        ("EXP-ADH-DES-CBC-SHA", "DH_anon_EXPORT_WITH_DES40_CBC_SHA"),
        ("ADH-DES-CBC-SHA", "DH_anon_WITH_DES_CBC_SHA"),
        ("ADH-DES-CBC3-SHA", "DH_anon_WITH_3DES_EDE_CBC_SHA"),
        ("PSK-3DES-EDE-CBC-SHA", "PSK_WITH_3DES_EDE_CBC_SHA"),
        ("PSK-RC4-SHA", "PSK_WITH_RC4_128_SHA"),
        ("ECDH-ECDSA-RC4-SHA", "ECDH_ECDSA_WITH_RC4_128_SHA"),
        ("ECDH-RSA-RC4-SHA", "ECDH_RSA_WITH_RC4_128_SHA"),
        ("ECDHE-ECDSA-RC4-SHA", "ECDHE_ECDSA_WITH_RC4_128_SHA"),
        ("ECDHE-RSA-DES-CBC3-SHA", "ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
        ("AECDH-RC4-SHA", "ECDH_anon_WITH_RC4_128_SHA"),
        ("AECDH-DES-CBC3-SHA", "ECDH_anon_WITH_3DES_EDE_CBC_SHA"),
    )]
# Facts that the events show.
CASES += [
    (HEAD + LONG + "    fail: { %s }\n" % condition, [(13, None, remedy)]) for condition, remedy in (
        ("client.address: 192.0.2.1/24", "the network is 192.0.2.0/24"),
        ('server.address: "2001:db8::1/32"', "the network is 2001:db8::/32"),
        ("client.address: 192.0.2.0/33", "not an address or network (192.0.2.0/24, 2001:db8::/32)"),
        ("client.address: { in: [192.0.2.1, xcap.example] }", "'xcap.example' is not an address or network"),
        ('client.address: "192.0.2.*"', "write a network (192.0.2.0/24), or { matches: \"192.0.2.*\" }"),
        ("client.address: { above: 192.0.2.1 }", "'above' compares numbers; 'client.address' is an address"),
        ("client.address: $office", "no parameter 'office'"),
        ("hello.ja3: '769,47-53,,,'", "this is the text that it is made of"),
        ("hello.ja3: t13d1516h2_8daaf6152771_e5627efa2ab1", "this is a JA4 (hello.ja4)"),
        ("hello.ja3: e7d705a3286e19ea42f587b344ee68", "32 hexadecimal digits"),
        ("hello.ja4: e7d705a3286e19ea42f587b344ee6865", "this is as long as a JA3 (hello.ja3)"),
        ("hello.ja4: q13d0310h3_55b375c5d22e_cd85d2d88918", "over TCP it begins with t"),
        ("hello.ja4: t13d1516h2_8daaf6152771_e5627efa2ab", "it is a JA4, as t12d1909h2_d83cc789557e_7af1ed941c26"),
        ("hello.ja4: t13d1516h2-8daaf6152771-e5627efa2ab1", "it is a JA4, as"),
        ("server.ja3s: ja3s", "32 hexadecimal digits"),
        ("certificate.fingerprint: 56193c07a0c3b6e5d1f5c2ab5a6f0e9a37ac41d0", "put a colon between its octets"),
        ("certificate.fingerprint: %s" % ":".join(["ab"] * 32), "this is as long as a SHA-256"),
        ("certificate.serial: 4711-0815", "octets as 01:AB:9F"),
        ("handshake.history: C-S", "a letter for each message"),
        ("hello.alpn: { all: { like: h2 } }", "{ in: ... }"),
        ("hello.alpn: { below: 5 }", "'below' compares numbers"),
        ("certificate.alt-names: { matches: '^xcap\\..*' }", "in a pattern * is any text, ? is one character"),
        ("hello.sni: { matches: '.*\\.3gppnetwork\\.org$' }", "looks like a regular expression"),
        ("hello.groups: x25518", "did you mean 'x25519'"),
        ("hello.signature-algorithms: { any: [rsa_pkcs1_sha255] }", "did you mean 'rsa_pkcs1_sha256'"),
        ("alert.server: handshake_failed", "did you mean 'handshake_failure'"),
        ("key-exchange.type: ecdhee", "did you mean 'ecdhe'"),
        ("time.weekday: sundays", "did you mean 'sunday'"),
        ("time.of-day: { at-least: 25h, below: 8h }", "never be true"),
        ("time.of-day: { at-least: 24h }", "no value of 'time.of-day' is within these limits"),
        ("time.hour: 24", "'time.hour' can never be 24 (hour of the day, UTC, 0 to 23)"),
        ("time.hour: { in: [22, 23, 24] }", "can never be 24"),
        ("server.port: 70000", "'server.port' can never be 70000"),
        ("client.port: { not: -1 }", "can never be -1"),
        ("time.hour: { below: noon }", "expected a number"),
        ("connection.encapsulation: gtp", "did you mean 'gtp-u'"),
        ("connection.encapsulation: wimax", "(--list-fields shows its words)"),
        ("connection.vlan: { any: [trunk] }", "expected a number"),
        ("connection.vlan: { any: 4096 }", "'connection.vlan' can never be 4096"),
        ("hello.extensions: { any: [0, 65536] }", "'hello.extensions' can never be 65536"),
        ("hello.compression: 256", "'hello.compression' can never be 256"),
        ("certificate.days-left: { below: 30d }", "'30d' is a time, and 'certificate.days-left' is a number of days: write it without the d"),
        ("server.key-bits: { below: 2m }", "'2m' is a time, and 'server.key-bits' is a number of bits"),
        ("server.port: 443s", "'443s' is a time, and 'server.port' is a number: write it without the s"),
        ("offered.suites: { all: { in: $no-such-set } }", "no set '$no-such-set'"),
        ("client.address: 10.0.0.0/33", "'10.0.0.0/33' is not an address or network"),
        ("server.key-bits: { below: 128 bits }", "expected a number, as 128"),
        ("hello.ja4: { matches: 't13d[0-9]+' }", "looks like a regular expression"),
        ("server.version: [TLS 1.2, TLS 1.4]", "'TLS 1.4' is not a valid value"),
        ("server.suite: 0x00zz", "no suite '0x00zz'"),
        ("hello.extensions: { any: renegotiation_info }", "'renegotiation_info' is not a valid value for 'hello.extensions' (list of numbers)"),
        # openssl's names (openssl ecparam -list_curves, openssl list -signature-algorithms), and what others call them
        ("certificate.curve: P-256", "did you mean 'prime256v1'?"),
        ("certificate.curve: { not: [secp256r1, secp384r1] }", "'secp256r1' cannot be the value of 'certificate.curve'"),
        ("certificate.curve: 1.2.840.10045.3.1.7", "did you mean 'prime256v1'?"),
        ("certificate.curve: nist", "(--explain certificate.curve lists them)"),
        ("certificate.curve: { matches: 'nist*' }", "a curve by openssl's name"),
        ("certificate.signature: sha1", "did you mean 'sha1WithRSAEncryption', "),
        ("certificate.signature: { not: [SHA-256] }", "did you mean 'sha256WithRSAEncryption', "),
        ("certificate.signature: rsa_pkcs1_sha256", "did you mean 'sha256WithRSAEncryption'?"),
        ("certificate.signature: { any-of: GOST }", "no operator 'any-of'"),
        ("certificate.signature: GOST", "did you mean 'GOST R 34.11-94 with GOST R 34.10-2001' or "),
        ("certificate.signature: ecdsa-with-SHA265", "did you mean 'ecdsa-with-SHA256'?"),
        ("certificate.key: rsaEncryption", "did you mean 'RSA'?"),
        ("certificate.key: ECDSA", "did you mean 'EC'?"),
        ("hello.groups: P-256", "did you mean 'secp256r1'?"),
        ("hello.groups: { any: [prime256v1] }", "did you mean 'secp256r1'?"),
        ("server.version: TLS 1.0", "did you mean 'TLSv1'?"),
        ("server.suite: 3DES", "did you mean [{ cipher: [3DES_EDE_CBC] }]?"),
        ("offered.suites: { any: [rc4] }", "did you mean [{ cipher: [RC4_40, RC4_128, RC4_56] }]?"),
        ("offered.suites: { any: [Export] }", "did you mean [{ flag: export }]?"),
        ("server.suite: ECDHE", "did you mean [{ key-exchange: ecdhe }]?"),
    )]
CASES.append((HEAD + LONG + "    about: exchange\n    fail: { http.auid: simservs }\n", [(14, 24, "did you mean 'simservs.ngn.etsi.org' or ")]))
# Operators as others call them.
CASES += [
    (HEAD + LONG + "    fail: { %s: { %s: %s } }\n" % (field, theirs, value),
     [(13, None, "no operator '%s' (did you mean %s?)" % (theirs.strip("'"), ours))])
    for field, theirs, value, ours in (
        ("hello.sni", "contains", "a", '{ matches: "*a*" }'),
        ("hello.alpn", "contains", "h2", '{ matches: "*h2*" }'),
        ("hello.sni", "starts-with", "xcap", '{ matches: "xcap*" }'),
        ("hello.sni", "endswith", ".org", '{ matches: "*.org" }'),
        ("offered.suites", "contains", "[TLS_RSA_WITH_RC4_128_SHA]", "'any'"),
        ("server.suite", "contains", "RC4", "'in'"),
        ("server.key-bits", "between", "[40, 128]", "{ at-least: 40, at-most: 128 }"),
        ("server.key-bits", "range", "40-128", "{ at-least: LEAST, at-most: MOST }"),
        ("server.key-bits", "gte", "5", "'at-least'"),
        ("server.key-bits", "ge", "5", "'at-least'"),
        ("server.key-bits", "'>='", "5", "'at-least'"),
        ("server.key-bits", "lte", "5", "'at-most'"),
        ("server.key-bits", "le", "5", "'at-most'"),
        ("server.key-bits", "'=='", "5", "'in'"),
        ("server.key-bits", "is", "5", "'in'"),
        ("server.key-bits", "'!='", "5", "'not'"),
        ("server.key-bits", "is-not", "5", "'not'"),
        ("hello.sni", "not-in", "[a]", "'not'"),
        ("hello.sni", "regex", "a", "'matches'"),
        ("hello.sni", "glob", "a", "'matches'"),
        ("hello.sni", "exists", "true", "'present'"),
        ("hello.alpn", "none-of", "[h2]", "'none'"),
        ("hello.alpn", "has", "[h2]", "'any'"),
    )]
# Fields as the events and others call them.
CASES += [
    (HEAD + LONG + "    fail: { %s: x }\n" % theirs, [(13, 13, "no field '%s' (did you mean %s?)" % (theirs, ours))]) for theirs, ours in (
        ("tls.sni", "'hello.sni'"),
        ("sni", "'hello.sni'"),
        ("ja4", "'hello.ja4'"),
        ("tls.ja3.hash", "'hello.ja3'"),
        ("JA3S", "'server.ja3s'"),
        ("issuerdn", "'certificate.issuer' or 'client-certificate.issuer'"),
        ("hello.server-name", "'hello.sni'"),
        ("src_ip", "'client.address'"),
        ("utwatch.client_hello.record_version", "'hello.record-version'"),
        ("server_hello.suite_name", "'server.suite'"),
        ("client_alpns", "'hello.alpn'"),
        ("version", "'server.version', 'hello.max-version' or 'hello.version'"),
        ("tls.client_handshake.ciphers", "'offered.suites'"),
        ("alerts", "'alert.server' or 'alert.client'"),
        ("utwatch.unobserved", "'handshake.unobserved'"),
        ("session.age_s", "'session.resumed-age' or 'session.offered-age'"),
    )]
# What `when` excludes is no case; a rule of a known id has its own mistakes told.
CASES += [
    (HEAD + LONG + "    when: { %s }\n    fail: { %s }\n" % (when, fail),
     [(14, None, "'when' (line 13) excludes this value of '%s'" % fail.split(":")[0])])
    for when, fail in (
        ("server.version: SSLv3", "server.version: { above: SSLv3 }"),
        ("server.version: { at-least: TLS 1.2 }", "server.version: [SSLv2, SSLv3]"),
        ("hello.ticket: true", "hello.ticket: false"),
        ("certificate.key: { not: [RSA, EC] }", "certificate.key: [EC, RSA]"),
        ("server.key-bits: { below: $limit }", "server.key-bits: { at-least: 128 }"),
        ("handshake.outcome: [refused, aborted]", "handshake.outcome: complete"),
    )]
CASES += [
    (HEAD + RULE + "fail: { hello.ticket: true } }\n" + RULE + "fail: { hello.tickte: true } }\n",
     [(8, 5, "rule 'r' is defined twice (first on line 7): give one of them another id"), (8, None, "did you mean 'hello.ticket'")]),
    (HEAD + LONG + "    fail: [{ hello.ticket: true }]\n    colour: red\n", [(14, 5, "unknown key 'colour'; the keys here are id, sid,")]),
]
# What word processors, other languages and haste put into a file: each message names the remedy.
CASES += [
    (HEAD + LONG + "    %s\n" % text, [(13, column, remedy)]) for text, column, remedy in (
        ("fail: { hello.ticket: true, when: { hello.psk: true } }", 33, "a member of the rule, not of a condition"),
        ("fail: { certificate.key: \u201cRSA\u201d }", 30, "typographic quotes"),
        ("fail: { hello.sni: \u201cxcap.*\u201d }", 24, "typographic quotes"),
        ("fail: { client.address: \u201810.0.0.0/8\u2019 }", 29, "typographic quotes"),
        ("fail: { server.port: 443-445 }", 26, "write { at-least: 443, at-most: 445 }"),
        ("fail: { tunnel.status: 2xx }", 28, "write { at-least: 200, below: 300 }"),
        ("fail: { tunnel.status: 2000 }", 28, "can never be 2000 (status of the answer to that CONNECT, three digits)"),
        ("fail: { server.version: 1.2 }", 29, "did you mean 'TLS 1.2'"),
        ("fail: { certificate.not-after: { below: 2030-01-01 } }", 45, "expected seconds since 1970, as 1893456000 for 2030-01-01"),
        ("fail: { time.of-day: { below: '08:00' } }", 35, "as 8h or 510m"),
        ("fail: {hello.ticket:true}", 12, "put a space behind the ':' of a key"),
        ("fail: { hello.sni: *.example.org }", 25, "begins with * or & in quotes"),
        ("fail: { hello.sni: '!xcap*' }", 24, "write { not: ... }"),
        ("fail: hello.ticket: true", 23, "a condition in braces"),
        ("fail: { server.suite: few }", 27, "did you mean $few?"),
        ("fail: { server.suite: { in: few } }", 33, "did you mean $few?"),
        ("fail: { server.suite: TLS_RSA_* }", 27, "[{ key-exchange: rsa, cipher: [RC4_128] }]"),
        ("fail: { server.key-bits: { below: $limit - 1 } }", 39, "a sum with ' + '"),
        ("title: Bad: very bad", 15, "quote a value that has ': ' in it"),
        ("observed: {server.suite}", 15, "begins with { in quotes"),
        ("observed: {server.suite} selected", 30, "in quotes as a whole"),
        ("note: # 7", None, "is empty; put one that begins with # in quotes"),
    )]
CASES += [
    (HEAD + LONG.replace("severity: low", "severity:\u00a0low") + "    fail: { hello.ticket: true }\n", [(12, 5, "a no-break space (U+00A0)")]),
    (HEAD + LONG.replace("severity: low", "severity:low") + "    fail: { hello.ticket: true }\n", [(12, 5, "a key has a ':', a space and a value")]),
    ("# caf\u00e9 \u201c\u201d\n" + HEAD + LONG + "\tfail: { hello.ticket: true }\n", [(14, 1, "indent with spaces")]),
    (HEAD + LONG + "   fail: { hello.ticket: true }\n", [(13, 4, "indent it like the lines that it belongs with")]),
    (HEAD + LONG + "    fail: { hello.ticket: true }\n    pass: { hello.ticket: true }\n",
     [(14, 11, "'fail' (line 13) has the same condition, and counts first")]),
]
# Several at once: every one is reported.
CASES.append((HEAD + LONG.replace("severity: low", "severity: huge")
              + "    when: { hello.foo: 1 }\n    fail: { server.key-bits: { below: x } }\n    note: [a]\n",
              [(12, 15, "huge"), (13, 13, "hello.foo"), (14, 39, "'x' is not a valid value"), (15, 11, "'note' has to be a text")]))


def processor_time():
    """Of all programs that have ended: other work of the machine is not in it."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "x.yaml")
    for i, (text, expected) in enumerate(CASES):
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as f:
            f.write(text)
        began = processor_time()
        p = subprocess.run([sys.argv[1], "-T", "-p", path], capture_output=True, text=True, timeout=60)
        took = processor_time() - began
        lines = p.stderr.splitlines()
        check(p.returncode == 2, "case %d: status %d" % (i, p.returncode))
        check(took <= 2, "case %d took %.1f s" % (i, took))
        check(len(lines) == len(set(lines)), "case %d tells something twice: %s" % (i, lines))
        for line, column, message in expected:
            place = path + (":%d:" % line if line else ":") + ("%d: " % column if line and column else "")
            check(any(t.startswith(place) and message in t for t in lines), "case %d: no '%s...%s' in %s" % (i, place, message, lines[:6]))
    for what in (folder, "/dev/zero", os.path.join(folder, "nothing.yaml")):
        p = subprocess.run([sys.argv[1], "-T", "-p", what if what.endswith(".yaml") else what + "/"], capture_output=True, text=True, timeout=20)
        check(p.returncode == 2 and p.stderr, "%s: status %d, %r" % (what, p.returncode, p.stderr))
    for name, other in (("a", "b"), ("b", "a")):
        with open(os.path.join(folder, name + ".yaml"), "w") as f:
            f.write("utwatch: 1\nprofile: %s\ntitle: t\nextends: [%s]\n" % (name, other))
    p = subprocess.run([sys.argv[1], "-T", "-p", os.path.join(folder, "a.yaml")], capture_output=True, text=True, timeout=20)
    check(p.returncode == 2 and "extends itself" in p.stderr, "a circle: status %d, %r" % (p.returncode, p.stderr))
    # A certificate that has expired has less than 0 days left: that is no mistake.
    with open(path, "w", encoding="utf-8") as f:
        f.write(HEAD + LONG + "    fail: { certificate.days-left: { below: 0 } }\n")
    p = subprocess.run([sys.argv[1], "-T", "-p", path], capture_output=True, text=True, timeout=20)
    check(p.returncode == 0, "days after the end of validity:", p.stderr)
finish()
