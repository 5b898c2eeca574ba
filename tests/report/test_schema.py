#!/usr/bin/env python3
"""The schema against events of every kind, and against itself.

usage: test_schema.py SCHEMA EMIT_SAMPLES SCHEMA.in.json
1. every sample is valid;
2. the schema is closed: an unknown key in any object of any sample is refused, and so is a missing required key;
3. every property, of every object, is described in a sentence;
4. every key that the schema knows stands in some sample, but for those that later stages fill;
5. behind every key that is a fact of the traffic stands a field of rules.
"""
import copy
import json
import re
import subprocess
import sys

import check_schema

LATER = {
    "utwatch/session/age_s", "utwatch/session/age_basis", "utwatch/session/origin", "utwatch/session/external_psk",
    "utwatch/evidence", "utwatch/renegotiation", "utwatch/known", "utwatch/excepted", "utwatch/excepted/reason", "utwatch/excepted/until",
    "utwatch/verdicts/known", "utwatch/verdicts/gone", "utwatch/rules/known",
}


def objects(value, path=()):
    """every object inside, with its path"""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from objects(inner, path + (key,))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from objects(inner, path + (i,))


def find(value, path):
    for step in path:
        value = value[step]
    return value


def known_keys(schema, node, path=""):
    """paths of all named properties, list items without a step of their own"""
    for inner in node.get("anyOf", ()):
        yield from known_keys(schema, inner, path)
    if "$ref" in node:
        yield from known_keys(schema, schema["$defs"][node["$ref"].rsplit("/", 1)[1]], path)
    for key, inner in node.get("properties", {}).items():
        here = path + "/" + key if path else key
        yield here
        yield from known_keys(schema, inner, here)
    if "items" in node:
        yield from known_keys(schema, node["items"], path)


def undescribed(node, path=""):
    """paths of all properties without a sentence"""
    for key, inner in node.get("properties", {}).items():
        here = path + "/" + key
        words = inner.get("description", "") if isinstance(inner, dict) else "Refused."
        if not re.fullmatch(r"[A-Z0-9a-z].*\w.*[.]", words):
            yield here
        yield from undescribed(inner, here) if isinstance(inner, dict) else ()
    if "items" in node:
        yield from undescribed(node["items"], path)


# What stands in the events beside the facts of the traffic: where it was captured, and what utwatch says of it.
NO_FACT = re.compile(r"(timestamp|flow_id|pcap_cnt|pcap_filename|event_type|community_id|alert|stats|(alert|stats)/.*|"
                     r"utwatch/(shortened|about|count|first|last|first_told|told_as|signature_id|advice|"
                     r"(sensor|ruleset|excepted|known|same_handshake)(/.*)?|"
                     r"rule|clause|profile|verdict|basis|fault|observed|required|note|evidence|"
                     r"client_hello/(suites|extensions)_cut|server_hello/extensions_cut|"
                     r"exchange/(user|identity)|server/name)|"  # hashed for privacy; a server's name: of a peer, not of a handshake
                     r"tls/client/(subject|serial|fingerprint|subjectaltname))$")  # who the user is


def without_fact(schema, node, path="", linked=False):
    """paths of the keys of events that no fact of rules stands behind"""
    for inner in node.get("anyOf", ()):
        if not inner.get("$ref", "").endswith("counters"):
            yield from without_fact(schema, inner, path, linked)
    if "$ref" in node:
        yield from without_fact(schema, schema["$defs"][node["$ref"].rsplit("/", 1)[1]], path, linked)
    for key, inner in node.get("properties", {}).items():
        here = path + "/" + key if path else key
        has = linked or isinstance(inner.get("field"), (str, list))
        if not list(known_keys(schema, inner)) and not has and not NO_FACT.match(here):
            yield here
        yield from without_fact(schema, inner, here, has)
    if "items" in node:
        yield from without_fact(schema, node["items"], path, linked)


def main():
    checker = check_schema.validator(sys.argv[1])
    out = subprocess.run([sys.argv[2]], stdout=subprocess.PIPE, check=True).stdout
    events = [check_schema.load(line) for line in out.splitlines()]
    faults = []
    seen = set()
    tried = 0
    for number, event in enumerate(events, 1):
        for e in checker.iter_errors(event):
            faults.append("sample %d: %s: %s" % (number, list(e.absolute_path), e.message[:200]))
        for path, inner in objects(event):
            names = [step for step in path if isinstance(step, str)]
            seen.update("/".join(names + [key]) for key in inner)
            worse = copy.deepcopy(event)
            find(worse, path)["surprise"] = 1
            tried += 1
            if checker.is_valid(worse):
                faults.append("sample %d: an unknown key in %s is accepted" % (number, "/".join(names) or "the event"))
    for number, event in enumerate(events, 1):
        for key in ("timestamp", "event_type"):
            worse = {k: v for k, v in event.items() if k != key}
            if checker.is_valid(worse):
                faults.append("sample %d: valid without %s" % (number, key))
        if event["event_type"] == "alert":
            of_rule = ("rule", "clause", "profile", "verdict", "basis", "required")
            of_sum = (*of_rule[:-2], "count", "first", "last")
            for key in {"sensor": ("sensor", "observed"), "sum": of_sum}.get(event["utwatch"]["about"], of_rule):
                worse = copy.deepcopy(event)
                del worse["utwatch"][key]
                if checker.is_valid(worse):
                    faults.append("sample %d: an alert is valid without utwatch/%s" % (number, key))
        if event["event_type"] == "taken-back":
            for key in ("about", "rule", "signature_id", "verdict", "first_told", "told_as"):
                worse = copy.deepcopy(event)
                del worse["utwatch"][key]
                if checker.is_valid(worse):
                    faults.append("sample %d: taken back, valid without utwatch/%s" % (number, key))
        if event["event_type"] == "tls":
            worse = copy.deepcopy(event)
            worse["utwatch"]["rule"] = "ut-1"
            if checker.is_valid(worse):
                faults.append("sample %d: a tls event may name a rule" % number)
    faults += ["%s is not described" % path for path in undescribed(checker.schema)]
    for name, node in checker.schema["$defs"].items():
        faults += ["%s is not described" % path for path in undescribed(node, name)]
    unused = set(known_keys(checker.schema, checker.schema)) - seen - LATER
    faults += ["the schema knows %s, no sample has it" % key for key in sorted(unused)]
    with open(sys.argv[3], encoding="utf-8") as f:
        source = json.load(f)
    faults += ["rules cannot speak of %s: name its fact with \"field\"" % path for path in without_fact(source, source)]
    for fault in faults[:40]:
        print(fault)
    print("%d samples, %d unknown keys tried, %d faults" % (len(events), tried, len(faults)))
    sys.exit(1 if faults or len(events) < 10 else 0)


if __name__ == "__main__":
    main()
