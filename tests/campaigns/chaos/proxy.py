"""A network that fails: carries bytes between clusters and the database, until it is told otherwise.

`python -m tests.campaigns.chaos.proxy HOST PORT LINES`; HOST may be the folder of a socket. It prints the
port of its control, and one port for each line. Control takes words and answers each with how many
connections it struck:

- `cut LINE SHARE`: both ends get a reset;
- `half LINE SHARE`: the database's end is closed, and the cluster's end is not told;
- `hole LINE SHARE SECONDS`: for good nothing arrives any more, though all is acknowledged; nor on
  connections that are made within these seconds;
- `slow LINE SHARE SECONDS`: whatever is sent arrives 200 ms later.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

DELAY = 0.2  # seconds
_RESET = struct.pack("ii", 1, 0)  # linger for no time
_CHUNK = 65536


@dataclass(slots=True, eq=False)
class Pair:
    """One connection: the cluster's end and the database's."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    is_dead: bool = False
    is_deaf: bool = False  # the near end is not told that the far one has closed
    slow_until: float = 0.0

    def reset(self) -> None:
        """Have both ends get a reset."""
        for end in (self.near, self.far):
            if (sock := end.get_extra_info("socket")).family == socket.AF_INET:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()

    def halve(self) -> None:
        """Close the far end only."""
        self.is_dead = self.is_deaf = True
        self.far.transport.abort()


@dataclass(slots=True)
class Line:
    """All connections of one cluster."""

    host: str
    port: str
    pairs: set[Pair] = field(default_factory=set)
    hole_until: float = 0.0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to its end."""
        try:
            back, far = await self._reach()
        except OSError:
            writer.transport.abort()
            return
        pair = Pair(writer, far, is_dead=time.monotonic() < self.hole_until)
        self.pairs.add(pair)
        try:
            there = asyncio.create_task(_carry(pair, reader, far))
            again = asyncio.create_task(_carry(pair, back, writer))
            await asyncio.wait({there, again}, return_when=asyncio.FIRST_COMPLETED)
            if pair.is_deaf and not there.done():
                await there
            there.cancel()
            again.cancel()
        finally:
            self.pairs.discard(pair)
            for end in (writer, far):
                end.transport.abort()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.host.startswith("/"):
            return await asyncio.open_unix_connection(Path(self.host) / f".s.PGSQL.{self.port}")
        return await asyncio.open_connection(self.host, int(self.port))

    def strike(self, word: str, share: float, seconds: float) -> int:
        """Do what is asked for to a share of the connections; return to how many."""
        struck = [pair for pair in self.pairs if random.random() < share]
        until = time.monotonic() + seconds
        if word == "hole":
            self.hole_until = until
        for pair in struck:
            if word == "cut":
                pair.reset()
            elif word == "half":
                pair.halve()
            elif word == "hole":
                pair.is_dead = True
            else:
                pair.slow_until = until
        return len(struck)


async def _carry(pair: Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            if time.monotonic() < pair.slow_until:
                await asyncio.sleep(DELAY)
            if not pair.is_dead:
                writer.write(chunk)
                await writer.drain()


async def _control(
    lines: list[Line], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while words := (await reader.readline()).decode().split():
        word, line, share, *seconds = words
        count = lines[int(line)].strike(word, float(share), float(*seconds))
        writer.write(f"{count}\n".encode())
    writer.close()


async def _main(host: str, port: str, count: int) -> None:
    lines = [Line(host, port) for _ in range(count)]
    servers = [await asyncio.start_server(partial(_control, lines), "127.0.0.1", 0)]
    servers += [await asyncio.start_server(line.accept, "127.0.0.1", 0) for line in lines]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)  # noqa: T201
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
