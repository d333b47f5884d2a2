"""What an agent remembers is bounded, scoped and survives being saved."""

import msgspec
from aidevos_agents.agent.memory import NOTES_PER_SCOPE_MAX, SCOPES_MAX, AgentMemory, Note


def test_a_scope_keeps_its_newest_notes() -> None:
    memory = AgentMemory()
    for number in range(NOTES_PER_SCOPE_MAX + 1):
        memory.remember("run-1", "fact", str(number))
    notes = memory.recall("run-1")
    assert len(notes) == NOTES_PER_SCOPE_MAX
    assert (notes[0].text, notes[-1].text) == ("1", str(NOTES_PER_SCOPE_MAX))


def test_the_scope_written_longest_ago_is_forgotten_first() -> None:
    memory = AgentMemory()
    for number in range(SCOPES_MAX):
        memory.remember(f"run-{number}", "fact", "x")
    memory.remember("run-0", "fact", "again")
    memory.remember("one too many", "fact", "x")
    assert memory.recall("run-1") == ()
    assert [note.text for note in memory.recall("run-0")] == ["x", "again"]


def test_notes_are_found_by_kind_and_come_back_from_json_with_their_evidence() -> None:
    memory, again = AgentMemory(), AgentMemory()
    memory.remember("run", "failure", "gate contract", evidence=("ab12",))
    memory.remember("run", "decision", "version 2")
    again.load(msgspec.json.decode(msgspec.json.encode(memory.dump())))
    assert again.recall("run", "failure") == (Note("failure", "gate contract", ("ab12",)),)
    assert again.recall("elsewhere") == ()
