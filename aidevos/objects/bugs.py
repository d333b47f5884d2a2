"""Mistakes of a type's author, told where they are made. Bugs, so no AidevosError."""


class DefinitionError(TypeError):
    """A type is written wrongly: raised when its class is created, naming class and method."""


class MisuseError(RuntimeError):
    """A handler used its object in a way that no turn allows: the turn fails, nothing is kept."""


class CheatError(MisuseError):
    """The state is not what the events give: turns before may have changed it too, unseen."""
