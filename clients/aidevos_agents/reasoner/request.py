"""What a reasoner is asked and what it answers. Every answer says where it comes from."""

import hashlib
from typing import Any, Generic, Literal, TypeVar

import msgspec

Kind = Literal["blueprint", "replay", "model", "human"]
"""blueprint: the deterministic compiler, generators and gates. replay: an answer recorded before.
model: a language model. human: a person. Declared on everything that comes of it."""

T = TypeVar("T")


class Budget(msgspec.Struct, frozen=True):
    """What a call may cost at most. Deterministic work costs time alone."""

    seconds: float = 60.0
    tokens: int = 0
    amount: str = "0"
    """Exact decimal text, in `currency`."""
    currency: str = "USD"


class Request(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One question. Its hash is the question's identity: equal questions have equal hashes."""

    run: str
    task_id: str
    role: str
    task: str
    """What to do, for example `generate`; with run and task_id it names the journal's entry."""
    input: dict[str, Any]
    """JSON values; large things by the hash of their artifact."""
    answer: type[T]
    """What the output must be; its JSON Schema is part of the question."""
    budget: Budget = Budget()
    seed: int = 0

    @property
    def output_schema(self) -> dict[str, Any]:
        """The output's JSON Schema."""
        return msgspec.json.schema(self.answer)

    def details(self) -> dict[str, Any]:
        """Return what the journal keeps of the question."""
        return {
            "role": self.role,
            "task": self.task,
            "input": self.input,
            "budget": msgspec.to_builtins(self.budget),
            "seed": self.seed,
        }

    def sha256(self) -> str:
        """Return the hash of the question."""
        return sha256_of({**self.details(), "output_schema": self.output_schema})


class Usage(msgspec.Struct, frozen=True):
    """What an answer cost; `billed` only if a provider was really asked to bill it."""

    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    amount: str = "0"
    billed: bool = False


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where an answer comes from."""

    kind: Kind
    engine: str
    """What made it, for example `aidevos blueprint`, and which version of it."""
    version: str
    request_sha256: str
    output_sha256: str
    attempts: int = 1
    """How often the call was begun."""
    uncertain: bool = False
    """True if an attempt before this one was begun and its end is not known."""


class Response(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """An answer."""

    output: T
    usage: Usage
    provenance: Provenance


def sha256_of(value: Any) -> str:
    """Return the SHA-256 (hex) of a value's canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()
