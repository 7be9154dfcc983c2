"""The scenes of the hot path are answered, and are what they say they are."""

from __future__ import annotations

from pathlib import Path

from bench import guard
from bench.hotpath import SCENES, Bench


def test_the_guard_counts_every_scene() -> None:
    """A scene that is added is guarded too."""
    assert tuple(SCENES) == guard.MODES


def test_every_scene_is_answered(tmp_path: Path) -> None:
    """Each is a call with the status 200; the translated ones go to the provider of another format, and it alone."""
    bench = Bench(tmp_path)
    for scene in SCENES:
        before = bench.client.written
        bench.run(scene)
        assert bench.client.written - before > 500
    assert bench.gateway.stats.requests[("/v1/chat/completions", 200)] == len(SCENES)
    served = {name: upstream.served for name, upstream in bench.upstreams.items()}
    assert served["chat"] == served["translated"] == 3
    assert bench.upstreams["translated"] is not bench.upstreams["stream"]
