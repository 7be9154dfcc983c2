"""The watch over configuration files."""

from __future__ import annotations

import json
import os
from pathlib import Path

from trunkline.config import load
from trunkline.config.marks import look
from trunkline.server.watch import FileWatch


def written(path: Path, name: str) -> None:
    path.write_text(json.dumps({"model_list": [{"model_name": name, "litellm_params": {"model": "openai/x"}}]}))


def test_a_change_between_reading_and_watching_is_seen(tmp_path: Path) -> None:
    """A worker that begins to watch after its configuration was read and changed again notices the change, once."""
    path = tmp_path / "config.yaml"
    written(path, "one")
    snapshot = load(path, {})
    written(path, "another")
    watch = FileWatch(snapshot.files, snapshot.marks)
    assert watch.changed()
    assert not watch.changed()


def test_a_change_while_a_refused_file_was_read_is_seen(tmp_path: Path) -> None:
    """What was taken for known is the look before the reading, so a file saved in two steps is read again."""
    path = tmp_path / "config.yaml"
    path.write_text("model_list: [")
    watch = FileWatch([str(path)], {})
    before = watch.look()
    written(path, "whole")
    watch.seen(before)
    assert watch.changed()


def test_size_time_and_replacement_each_count_as_change(tmp_path: Path) -> None:
    """A file that grew, was touched, was replaced by another or went away has changed; one left alone has not."""
    path = tmp_path / "config.yaml"
    path.write_text("a")
    watch = FileWatch([str(path)], {})
    assert not watch.changed()
    path.write_text("ab")
    assert watch.changed()
    os.utime(path, ns=(1, 1))
    assert watch.changed()
    other = tmp_path / "other"
    other.write_text("ab")
    os.utime(other, ns=(1, 1))
    other.replace(path)
    assert watch.changed()
    path.unlink()
    assert watch.changed()
    assert look(str(path)) is None
