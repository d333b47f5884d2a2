"""Stubs made from what `aidevos proto export` writes, in Python and Go, and grpcurl."""

import asyncio
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from go_tools import go_client, grpcurl
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from todo_types import Todo, TodoApp
from todo_world import MANIFEST, NUMBER, WHOLE, YES_NO
from typed_types import Everything
from typed_world import ROOT, counter, with_numbers

from aidevos.doors.typed.contract import Contract
from aidevos.doors.typed.descriptors import file_of
from aidevos.doors.typed.proto_text import proto_text
from aidevos.doors.typed.type_contract import contract_of_type
from aidevos.runtime.status import from_rpc_error

PORTS = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]
PROTOS = "counter/v1/counter.proto", "todo/v1/todo.proto"


def protoc(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", *arguments]
    subprocess.run(command, check=True, timeout=60, cwd=folder)
