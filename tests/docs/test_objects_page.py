"""The page about objects is run: its type is served by a real server, its client calls it."""

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from aidevos_cli.main import VERBS
from aidevos_client import Client

from aidevos.core.call import Answer

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "objects.md").read_text()
TYPES, CLIENT = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)
RUN = '\n\nif __name__ == "__main__":\n    import sys\n\n    asyncio.run(main(sys.argv[1]))\n'
SAID = ["500", "300", "1300", "1300", "there are only 1300 cents"]


def test_the_type_and_the_client_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "account.py").write_text(TYPES)
    (tmp_path / "customer.py").write_text(CLIENT + RUN)
    places = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]
    command = [sys.executable, "-m", "aidevos_standalone", "--data", str(tmp_path / "data")]
    server = subprocess.Popen(
        [*command, *places, "--types", str(tmp_path / "account.py")],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        said = subprocess.run(
            [sys.executable, "customer.py", ready["addresses"]["grpc"]],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.stdout.splitlines() == SAID, said.stderr
    finally:
        server.terminate()
        server.wait(20)


def test_the_signature_that_the_pages_tell_is_the_clients() -> None:
    names = list(inspect.signature(Client.invoke).parameters)[1:]
    assert names == ["address", "method", "arguments", "options"]
    assert "client.invoke((type, key), method, arguments, options)" in PAGE
    assert set(re.findall(r"`answer\.(\w+)`", PAGE)) <= set(Answer.__struct_fields__)


def test_every_command_of_the_readme_is_a_verb() -> None:
    readme = (ROOT / "README.md").read_text()
    used = set(re.findall(r"bin/aidevos (\w+)", readme))
    assert used
    assert used <= set(VERBS)
    listed = set(re.findall(r"^\| `(\w+)", readme, flags=re.M)) | {
        verb
        for row in re.findall(r"^\| (`.*?`) \|", readme, flags=re.M)
        for verb in re.findall(r"`(\w+)", row)
    }
    assert set(VERBS) <= listed | {"sim"}, "the README's table names every verb"
