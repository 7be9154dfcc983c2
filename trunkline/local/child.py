"""The process that holds the embedded model: `python -m trunkline.local.child`, started by `process.py` only.

It serves llama.cpp's OpenAI-compatible HTTP API on a loopback port that the system picks, writes where it is into the
lock file that it inherits (the lock lives and dies with this process), and ends with its parent.
Figures behind the numbers (two cores, one thread): loaded in 0.25-1.3 s, 340 MiB with four slots, 70 tokens a second.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

ALIAS = "smollm2-135m-instruct"
"""The id under which the model answers."""
SLOTS = 4
"""Calls that are answered at once; more wait their turn."""
CONTEXT_TOKENS = 8192
"""SmolLM2's own limit. One cache of this size serves all slots: each may use all of it, not all at the same time."""
MAX_TOKENS = 1024
"""Where the client names no limit: a small model runs on and on. A client's own limit goes as far as the context."""
NICENESS = 5
"""The gateway itself goes first."""
_PR_SET_PDEATHSIG = 1
"""`prctl(2)`, Linux: the signal that a process gets when its parent dies."""


def die_with_parent(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Get the signal `number` when the process `parent` ends: on Linux the kernel sees to it.

    Elsewhere nothing is arranged; `main` notices that stdin has closed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent ended before its child had started")


def parameters(library: Any, model: str, threads: int, max_tokens: int) -> Any:  # the library ships no types
    """`xllamacpp.CommonParams` for a quiet, bounded server on a loopback port of the system's choice."""
    params = library.CommonParams()
    params.model.path = model
    params.model_alias = {ALIAS}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = CONTEXT_TOKENS
    params.kv_unified = True
    params.n_parallel = SLOTS
    params.n_predict = max_tokens
    params.n_threads_http = 32  # each kept-alive connection holds one
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.sampling.temp = 0.2  # this and top_p: the model card's recommendation, where the client names none
    params.sampling.top_p = 0.9
    params.cache_ram_mib = 0  # else finished prompts are kept in up to 8 GiB
    params.ui = False
    params.use_jinja = True
    params.offline = True
    params.verbosity = -1
    return params


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until stdin closes, which it does when the parent stops us or is gone."""
    parser = argparse.ArgumentParser(prog="python -m trunkline.local.child", description=__doc__)
    parser.add_argument("--model", required=True, help="path of a GGUF file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--max-tokens", type=int, default=MAX_TOKENS)
    parser.add_argument("--parent", type=int, required=True, help="process id to end with")
    parser.add_argument("--lock-fd", type=int, required=True, help="open, locked file to say the address in")
    args = parser.parse_args(argv)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the gateway says when to end
    die_with_parent(args.parent)
    os.nice(NICENESS)

    import xllamacpp

    server = xllamacpp.Server(parameters(xllamacpp, args.model, args.threads, args.max_tokens))
    address = urlsplit(server.listening_address)
    line = json.dumps({"host": address.hostname, "port": address.port, "pid": os.getpid(), "model": ALIAS})
    os.pwrite(args.lock_fd, line.encode(), 0)
    sys.stdin.buffer.read()
    os._exit(0)  # llama.cpp's threads need no farewell, and waiting for a running answer could take minutes


if __name__ == "__main__":
    sys.exit(main())
