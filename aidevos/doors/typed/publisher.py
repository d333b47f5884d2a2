"""Makes typed services of what is installed: contract, numbers that last, then the directory.

    packages = await publisher.prepare(subjects)     stored before anybody is served
    publisher.show(owner, packages)                  at once, in one step of the loop

A subject that cannot be published (its package is refused) is told to the log, and everything else
of it is served all the same: typed services are a door, not a condition.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from aidevos.core.call import Call, CallId
from aidevos.core.errors import AidevosError, FailedPreconditionError, NotFoundError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import TypeInfo
from aidevos.doors.app_manifest import AppManifest
from aidevos.doors.port import ListQuery, ObjectPort, ObjectView
from aidevos.doors.typed.app_contract import contract_of_app
from aidevos.doors.typed.compatibility import complaints
from aidevos.doors.typed.contract import Contract
from aidevos.doors.typed.descriptors import file_of
from aidevos.doors.typed.directory import Directory
from aidevos.doors.typed.numbering import numbered
from aidevos.doors.typed.package import TENANT, Allows, Keys, Package
from aidevos.doors.typed.pool import Pool
from aidevos.doors.typed.type_contract import contract_of_type
from aidevos.system.contracts import TypedContract
from aidevos.system.names import TENANT as SYSTEM
from aidevos.system.names import contract_of

PRINCIPAL = "system"
log = logging.getLogger("aidevos.typed")


@dataclass(frozen=True, slots=True)
class Subject:
    """A type or an app that shall have a typed service; its contract is without numbers."""

    kind: Literal["type", "app"]
    name: str
    contract: Contract
    keys: Keys
    allows: Allows = field(repr=False)


def subject_of_type(info: TypeInfo, allows: Allows) -> Subject:
    """Return an object type's subject."""
    return Subject("type", info.name, contract_of_type(info), Keys(), allows)


def subject_of_app(app: AppManifest, allows: Allows) -> Subject:
    """Return an app's subject."""
    keys = Keys(app.key_prefix, app.root_key, f"/{app.name}/api")
    return Subject("app", app.name, contract_of_app(app), keys, allows)


def next_contract(made: Contract, majors: Sequence[Contract], last_major: int) -> Contract:
    """Return `made` with numbers: the newest version that can grow into it, else the next one."""
    for old in reversed(majors):
        grown = numbered(made, old)
        if not complaints(old, grown):
            return grown
    return numbered(replace(made, major=last_major + 1), None)


class Publisher:
    """One per server."""

    def __init__(self, port: ObjectPort, directory: Directory) -> None:
        """`port` is the host itself, where contracts are kept."""
        self._port = port
        self._directory = directory
        self._one_at_a_time = asyncio.Lock()

    async def load(self) -> None:
        """Know what was served in earlier runs; to be called once, before anything is shown."""
        for view in await self._listed({}):
            index: dict[str, Any] = view.index
            self._directory.remember(
                f"{index['package']}.v{number}.{index['service']}"
                for number in range(1, index["last_major"] + 1)
            )

    async def prepare(self, subjects: Iterable[Subject]) -> tuple[Package, ...]:
        """Store what the subjects promise; return what to show. Waits for the log."""
        made: list[Package] = []
        async with self._one_at_a_time:
            for subject in subjects:
                try:
                    made += await self._packages(subject)
                except AidevosError as error:
                    log.error("%s %s has no typed service: %s", subject.kind, subject.name, error)
        return tuple(made)

    def show(self, owner: str, packages: Sequence[Package]) -> None:
        """Serve exactly these packages for `owner`, a service of the host."""
        self._directory.replace(owner, packages)

    async def _packages(self, subject: Subject) -> list[Package]:
        object = contract_of(TENANT, subject.kind, subject.name)
        state = await self._state(object)
        package = state.package or await self._free_package(subject, object)
        made = replace(subject.contract, package=package)
        current = next_contract(made, state.majors, state.last_major)
        others = [contract for contract in state.majors if contract.major != current.major]
        if current not in state.majors:
            _check(current)
            await self._publish(object, f"{subject.kind} {subject.name}", current)
            if state.majors and current.major > state.last_major:
                log.warning("%s is new: %s", current.package_name, _why(made, state.majors[-1]))
        return [
            Package(contract, current, subject.keys, subject.allows)
            for contract in (*others, current)
        ]

    async def _free_package(self, subject: Subject, own: ObjectId) -> str:
        """Return the package's name, or one with the kind after it if another subject has it."""
        wanted = subject.contract.package
        for name in (wanted, f"{wanted}_{subject.kind}", f"{subject.kind}_{wanted}"):
            taken = await self._listed({"package": name})
            if all(view.object == own for view in taken):
                return name
        raise FailedPreconditionError(f"the package {wanted} is taken; give it another name")

    # ---- the stored contracts ----------------------------------------------------------------

    async def _state(self, object: ObjectId) -> TypedContract.State:
        try:
            view = await self._port.get_object(object, PRINCIPAL)
        except NotFoundError:
            return TypedContract.State()
        return msgspec.json.decode(view.state, type=TypedContract.State)

    async def _publish(self, object: ObjectId, subject: str, contract: Contract) -> None:
        call = Call(
            object=object,
            method="publish",
            payload=msgspec.json.encode({"subject": subject, "contract": contract}),
            principal=PRINCIPAL,
            id=CallId(uuid4().hex),
        )
        answer = await self._port.invoke(call)
        if answer.error is not None:
            raise AidevosError.from_record(answer.error)

    async def _listed(self, where: dict[str, Any]) -> list[ObjectView]:
        found: list[ObjectView] = []
        token = ""
        while True:
            page = await self._port.list_objects(
                ListQuery(
                    tenant=SYSTEM,
                    principal=PRINCIPAL,
                    type="TypedContract",
                    where=where,
                    page_size=1_000,
                    page_token=token,
                )
            )
            found += page.objects
            token = page.next_page_token
            if not token:
                return found


def _why(made: Contract, last: Contract) -> str:
    """Return why the version before could not grow into what is there now."""
    return f"v{last.major} cannot go on ({'; '.join(complaints(last, numbered(made, last)))})"


def _check(contract: Contract) -> None:
    """Refuse what protobuf would refuse, before it is stored for ever."""
    try:
        Pool(file_of(contract))
    except TypeError as error:
        raise FailedPreconditionError(
            f"{contract.package_name} is no package that protobuf takes: {error}"
        ) from error
