"""Compares the cost of event loops on CPython's modules and on ours: processor time, in turn, the best of several runs.

    speed.py FOLDER

FOLDER has our modules. Each measurement runs in its own process: `speed.py --measure NAME`.
"""

import asyncio
import os
import subprocess
import sys
import time

import selectors
import socket

ROUNDS = 7
SOCKETS = 100
HOPS = 60_000
CONNECTIONS, MESSAGES = 20, 400


def ring(selector, tokens):
    """Passes bytes around a ring of socket pairs. An iteration is a wait, and a read and a write for each ready pair."""
    pairs = [socket.socketpair() for _ in range(SOCKETS)]
    with selector:
        for place, (reader, _) in enumerate(pairs):
            selector.register(reader, selectors.EVENT_READ, pairs[(place + 1) % SOCKETS][1])
        for place in range(0, SOCKETS, SOCKETS // tokens):
            pairs[place][1].send(b"x")
        hops = 0
        begin = time.process_time()
        while hops < HOPS:
            for key, _ in selector.select():
                key.fileobj.recv(1)
                key.data.send(b"x")
                hops += 1
        seconds = time.process_time() - begin
    for pair in pairs:
        for end in pair:
            end.close()
    return seconds


async def streams():
    """Sends messages from clients that wait for each echo."""

    async def serve(reader, writer):
        while data := await reader.read(1000):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def ask(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(MESSAGES):
            writer.write(b"x" * 100)
            await reader.readexactly(100)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    begin = time.process_time()
    await asyncio.gather(*(ask(port) for _ in range(CONNECTIONS)))
    seconds = time.process_time() - begin
    server.close()
    await server.wait_closed()
    return seconds


MEASURES = {
    "ring of 100 pairs, 1 byte, epoll": lambda: ring(selectors.EpollSelector(), 1),
    "ring of 100 pairs, 50 bytes, epoll": lambda: ring(selectors.EpollSelector(), 50),
    "ring of 100 pairs, 1 byte, poll": lambda: ring(selectors.PollSelector(), 1),
    "ring of 100 pairs, 50 bytes, poll": lambda: ring(selectors.PollSelector(), 50),
    "ring of 100 pairs, 1 byte, select": lambda: ring(selectors.SelectSelector(), 1),
    "ring of 100 pairs, 50 bytes, select": lambda: ring(selectors.SelectSelector(), 50),
    "asyncio streams, 20 connections": lambda: asyncio.run(streams()),
}


def measure(name, folder):
    environment = {**os.environ, "SELECTORS_CPYTHON": folder}
    command = [sys.executable, __file__, "--measure", name]
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def main():
    if sys.argv[1] == "--measure":
        print(MEASURES[sys.argv[2]]())
        return
    folder = sys.argv[1]
    print(f"Python {sys.version.split()[0]}, best of {ROUNDS}\n\n| | CPython's | ours | ours / CPython's |\n|---|---|---|---|")
    for name in MEASURES:
        theirs, ours = [], []
        for _ in range(ROUNDS):
            theirs.append(measure(name, ""))
            ours.append(measure(name, folder))
        best = min(theirs), min(ours)
        print(f"| {name} | {best[0] * 1e3:.0f} ms | {best[1] * 1e3:.0f} ms | {best[1] / best[0]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
