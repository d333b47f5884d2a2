"""The contract: stubs are those of proto/, and its reasons are those of the error tree."""

import subprocess
from pathlib import Path

from aidevos.core import errors
from aidevos.v1 import errors_pb2

ROOT = Path(__file__).parents[2]


def stubs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "aidevos/v1").glob("*_pb2*.py*")}


def test_the_committed_stubs_are_those_that_bin_generate_makes(tmp_path: Path) -> None:
    subprocess.run([ROOT / "bin" / "generate", tmp_path], check=True, timeout=60)
    assert stubs(ROOT) == stubs(tmp_path)


def test_the_enum_of_reasons_is_the_tree_of_errors() -> None:
    own = {
        kind.reason
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.AidevosError)
    }
    named = {name.removeprefix("REASON_") for name in errors_pb2.Reason.DESCRIPTOR.values_by_name}
    assert named - {"UNSPECIFIED"} == own


def test_a_change_that_breaks_clients_of_the_main_branch_is_refused(tmp_path: Path) -> None:
    proto = tmp_path / "proto" / "aidevos" / "v1" / "a.proto"
    proto.parent.mkdir(parents=True)
    (tmp_path / "proto" / "buf.yaml").write_bytes((ROOT / "proto" / "buf.yaml").read_bytes())
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "breaking").write_bytes((ROOT / "bin" / "breaking").read_bytes())
    (tmp_path / ".aidevos").symlink_to(ROOT / ".aidevos")
    proto.write_text(MESSAGE.format(number=1))
    commit(tmp_path)
    assert breaking(tmp_path).returncode == 0
    proto.write_text(MESSAGE.format(number=2))
    refused = breaking(tmp_path)
    assert refused.returncode != 0
    assert 'Previously present field "1"' in refused.stdout


MESSAGE = 'syntax = "proto3";\npackage aidevos.v1;\nmessage A {{\n  string a = {number};\n}}\n'


def commit(folder: Path) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.invalid")
    for command in (("init", "-q", "-b", "main"), ("add", "proto"), ("commit", "-q", "-m", "base")):
        subprocess.run(["git", *who, *command], cwd=folder, check=True)


def breaking(folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(folder / "bin" / "breaking")]
    return subprocess.run(command, check=False, capture_output=True, text=True)
