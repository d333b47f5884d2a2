"""The stubs of interop.proto, made when they are imported."""

import atexit
import importlib
import shutil
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

HERE = Path(__file__).parent
STUBS = tempfile.mkdtemp(prefix="aidevos-interop-")
OPTIONS = (f"-I{HERE}", f"--python_out={STUBS}", f"--grpc_python_out={STUBS}")

atexit.register(shutil.rmtree, STUBS)
if protoc.main(["protoc", *OPTIONS, "interop.proto"]):
    raise RuntimeError("interop.proto cannot be compiled")
sys.path.insert(0, STUBS)
pb = importlib.import_module("interop_pb2")
rpc = importlib.import_module("interop_pb2_grpc")
