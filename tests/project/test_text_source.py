from __future__ import annotations

from pathlib import Path

import pytest

from durable import NonRetriableError
from project.text import source


def test_text_and_hash_are_read(tmp_path: Path) -> None:
    file = tmp_path / "book.txt"
    file.write_bytes("Fog. Ørn.\r\n".encode())
    text, sha256 = source.read(str(file))
    assert text == "Fog. Ørn.\r\n"
    assert source.read_unchanged(str(file), sha256) == text


def test_changed_file_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "book.txt"
    file.write_text("Fog.")
    _, sha256 = source.read(str(file))
    file.write_text("Sun.")
    with pytest.raises(NonRetriableError, match=r"book\.txt changed while"):
        source.read_unchanged(str(file), sha256)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NonRetriableError, match="cannot be read"):
        source.read(str(tmp_path / "none.txt"))


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NonRetriableError, match="cannot be read"):
        source.read(str(tmp_path))


@pytest.mark.parametrize(
    ("content", "reason"), [(b"\xff\xfe\x00", "not UTF-8"), (b"a\0b", "holds NUL")]
)
def test_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "book.bin"
    file.write_bytes(content)
    with pytest.raises(NonRetriableError, match=reason):
        source.read(str(file))


def test_too_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LARGEST", 3)
    file = tmp_path / "book.txt"
    file.write_text("Fog.")
    with pytest.raises(NonRetriableError, match="has 4 bytes; at most 3"):
        source.read(str(file))
