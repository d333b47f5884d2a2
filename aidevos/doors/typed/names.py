"""Names of proto from names of Python, JSON and specs. Pure."""

import re
import unicodedata

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_FIELD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TAKEN_PACKAGES = frozenset(("aidevos", "google", "grpc"))


def words(name: str) -> list[str]:
    """Return the words of a name in any style, in ASCII letters and digits."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _WORD.findall(plain)


def snake(name: str) -> str:
    """Return `due_date` for `dueDate`, `due-date` or `DueDate`; `x_1` for what has no letter."""
    found = "_".join(words(name)).lower() or "x"
    return found if found[0].isalpha() else f"x_{found}"


def field_name(name: str) -> str:
    """Return a field's name: as the author wrote it where proto's style allows that."""
    return name if _FIELD.fullmatch(name) else snake(name)


def camel(name: str) -> str:
    """Return `AddTodo` for `add_todo` or `add-todo`."""
    found = "".join(word[:1].upper() + word[1:] for word in words(name)) or "X"
    return found if found[0].isalpha() else f"X{found}"


def upper(name: str) -> str:
    """Return `IN_PROGRESS` for `in progress` or `InProgress`."""
    return snake(name).upper()


def json_name(name: str) -> str:
    """Return ProtoJSON's name of a field, as protoc makes it."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def package_of(name: str) -> str:
    """Return a package's name without version: `issue_tracker` for `issue-tracker`."""
    found = snake(name)
    return f"{found}_objects" if found in _TAKEN_PACKAGES else found


class Names:
    """Gives each name once; a second one gets a number. `taken` are those given already."""

    def __init__(self, *taken: str) -> None:
        """Begin with the names that are taken."""
        self._taken = {self._same(name) for name in taken}

    def free(self, name: str) -> str:
        """Return `name`, or `name` with the first number that makes it new."""
        found, count = name, 1
        while self._same(found) in self._taken:
            count += 1
            found = f"{name}{count}"
        self._taken.add(self._same(found))
        return found

    @staticmethod
    def _same(name: str) -> str:
        """Names that ProtoJSON or a generator could not tell apart are one."""
        return name.replace("_", "").lower()
