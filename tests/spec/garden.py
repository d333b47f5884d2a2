"""A spec into which one example of the language is put, wherever it belongs."""

THINGS = """# Gardens

## Things

### Garden

{garden}

| field | type         | rule     |
|-------|--------------|----------|
| name  | text         |          |
| size  | whole number |          |

### Plant

A plant belongs to a garden.

| field     | type                  | rule |
|-----------|-----------------------|------|
| name      | text                  | at least 1 character |
| height    | number                |      |
| status    | seed, growing or ripe |      |
| dry       | yes or no             |      |
| waterings | whole number          |      |
| measured  | time                  |      |
| planted   | date                  |      |
| ripens    | date                  |      |
{row}

### Feeding

A feeding belongs to a plant.

| field  | type   | rule |
|--------|--------|------|
| amount | number |      |

### Tool

| field | type | rule |
|-------|------|------|
| name  | text |      |

### Fungus

{fungus}

| field | type | rule |
|-------|------|------|
| name  | text |      |
"""
ACTIONS = """
## Actions

- Anyone can add a garden. Anyone can add a plant, change a plant and delete a plant.
- Anyone can water a plant: its dry becomes no.
- Anyone can add a feeding. Anyone can add a tool. Anyone can add a fungus.

## Rules

- There can be at most 100 plants.
"""
PAGES = """
## Pages

- **Dry plants**: plants where dry is yes.
"""
API = """
## API

| action | route | takes | gives |
|--------|-------|-------|-------|
"""
ROWS = {
    "action": ("", "GET /x{id}", "", ""),
    "takes": ("add a plant", "POST /x", "", ""),
    "gives": ("add a plant", "POST /x", "name", ""),
}
PLAY = """
## Acceptance

```gherkin
Scenario: a
  Given a plant
  When I water the plant
  {step}
```
"""


def things(garden: str = "", row: str = "", fungus: str = "") -> str:
    return THINGS.format(garden=garden, row=row, fungus=fungus)


def spec(section: str, title: str, place: str, said: str) -> str:
    """Return the garden with `said` in its place; empty `said` leaves it out."""
    if section == "The API table" and not said:
        return things() + ACTIONS + PAGES + API
    match section:
        case "Things" if title == "How several are called":
            return things(fungus=said)
        case "Things" | "Actions" | "Rules":
            return things() + f"\n## Actions\n\n{said}\n"
        case "The rule column":
            return things(row=f"| extra | {place} | {said} |") + ACTIONS
        case "The type column":
            return things(row=f"| extra | {said} | |") + ACTIONS
        case "Pages":
            lead = "" if said.startswith("**") else "- **A**: plants. "
            return things() + ACTIONS + f"\n## Pages\n\n{lead or '- '}{said}\n"
        case "The API table":
            return things() + ACTIONS + PAGES + API + _row(place, said)
        case _:
            return things() + ACTIONS + PAGES + PLAY.format(step=said)


def _row(place: str, said: str) -> str:
    columns = ("action", "route", "takes", "gives")
    cells = list(ROWS[place])
    cells[columns.index(place)] = said
    if place == "action":
        cells[1] = "GET /x/{id}" if said.split()[1] == "a" else "GET /x"
        if "of a garden" in said:
            cells[1] = "GET /gardens/{id}/x"
    return f"| {' | '.join(cells)} |\n"
