#!/usr/bin/env python3
"""Sends the frames of an Ethernet pcap as a tap does: one direction into one interface, the other into another.
usage: send_split.py PCAP SERVERS INTERFACE INTERFACE; SERVERS is the beginning of the servers' IPv4 addresses, in hex"""
import socket
import sys
import time

from taps import ROOT  # noqa: F401  for the path to tools/
import capturelib

path, servers, *names = sys.argv[1:]
sockets = []
for name in names:
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((name, 0))
    sockets.append(s)
for n, (_, frame) in enumerate(capturelib.read_frames(path)):
    sockets[frame[26:30].hex().startswith(servers)].send(frame)
    if n % 8 == 7:
        time.sleep(0.0005)
