"""The peer in Python: tests/peer/README.md says what a peer is told, and what it tells."""

from __future__ import annotations

import os
import sys
from typing import Any

import bips
from consume import OPTIONS as CONSUME
from consume import Consuming
from produce import OPTIONS as PRODUCE
from produce import Producing
from work import die


def options_of(arguments: list[str], known: dict[str, Any]) -> dict[str, Any]:
    options = dict(known)
    for argument in arguments:
        name, _, value = argument.lstrip("-").partition("=")
        if name not in known or not argument.startswith("-"):
            die(f"{argument} is no option: see tests/peer/README.md")
        if isinstance(known[name], bool):
            options[name] = value in ("", "true")
        elif isinstance(known[name], int):
            try:
                options[name] = int(value)
            except ValueError:
                die(f"{argument}: no number")
        else:
            options[name] = value
    return options


def main() -> None:
    role = sys.argv[1] if len(sys.argv) >= 3 else ""
    try:
        if role == "produce":
            options = options_of(sys.argv[3:], PRODUCE)
            if not options["idle"] and options["size"] and not 32 <= options["size"] <= options["slot-size"]:
                die("a frame has 32 bytes at least, and not more than a slot")
            Producing(sys.argv[2], options).run()
        elif role == "consume":
            Consuming(sys.argv[2], options_of(sys.argv[3:], CONSUME)).run()
        else:
            die("usage: peer.py produce|consume POOL [--OPTION=VALUE]..., see tests/peer/README.md")
    except (bips.Error, ValueError) as error:
        die(str(error))
    sys.stdout.flush()
    os._exit(0)


main()
