"""One sentence that is not understood is told once; what needs it says so, and names its line."""

import pytest
from aidevos_agents.spec import compile_spec
from garden import ACTIONS, API, PAGES, PLAY, things


def told(text: str) -> list[str]:
    return [one.sentence("x.md") for one in compile_spec(text).problems]


def test_a_route_a_page_and_a_step_name_the_sentence_that_they_need() -> None:
    broken = ACTIONS + "\n- Anyone can mow a plant, whenever it pleases: its dry becomes no.\n"
    line = broken.count("\n", 0, broken.index("mow")) + things().count("\n") + 1
    follow = [
        "\n## Pages\n\n- **A**: plants. From here one can mow a plant.\n",
        API + "| mow a plant | POST /x/{id} | | |\n",
        PLAY.format(step="When I mow the plant"),
    ]
    for text in follow:
        said = told(things() + broken + text)
        assert len(said) == 2, said
        assert f"line {line} is not understood. Correct it first." in said[1].casefold().replace(
            "correct", "Correct"
        )


def test_a_field_whose_row_is_not_understood_is_no_unknown_field() -> None:
    said = told(things(row="| colour | perhaps | |") + ACTIONS + "\n- Anyone can change the colour"
                " of a plant.\n")  # fmt: skip
    assert "x.md:28:" in said[0]
    assert "The types are: text, yes or no" in said[0]
    assert '"colour" is on line 28, which is not understood.' in said[1]


def test_what_should_belong_names_the_sentence_that_says_so() -> None:
    text = things().replace("A plant belongs to a garden.", "A plant is kept in a garden.")
    text += ACTIONS + "\n## Pages\n\n- **Garden**: one garden with its plants.\n"
    said = told(text.replace("belongs to a plant", "belongs to plants"))
    first = next(one for one in said if "is kept in" in one)
    line = first.split(":")[1]
    assert any(f"Line {line} is not understood" in one for one in said if one is not first)


@pytest.mark.parametrize(
    ("sentence", "what"),
    [
        ("A reader can add a plant.", "Roles (A reader can ...) are not in the language yet"),
        ("Only gardeners may delete a plant.", "Roles (Only gardeners can ...) are not"),
        ("Plants are removed by themselves after 3 days.", "Timers"),
        ("Plants are sent to the shop.", "Outside services"),
        ("The title of a garden is unique.", '"title"'),
        ("The name of a plant is unique per garden.", "no uniqueness within another thing yet"),
        ("No two plants of the same garden have the same name.", "no uniqueness within another"),
    ],
)
def test_what_the_language_has_not_yet_is_named(sentence: str, what: str) -> None:
    (only,) = told(things() + ACTIONS + f"\n- {sentence}\n")
    assert what in only


def test_articles_stand_right_before_vowels() -> None:
    text = "# A\n\n## Things\n\n### Issue\n\n| field | type |\n|---|---|\n| due | date |\n"
    (first, *_) = told(text + "\n## Actions\n\n- Anyone can delete an issue.\n")
    assert "nobody can make an issue" in first
    assert "Anyone can add an issue" in first


def test_a_word_is_never_guessed_for_itself() -> None:
    text = things() + ACTIONS + PAGES + PLAY.format(step='Then it is refused because "amount" is'
                                                   " missing")  # fmt: skip
    (only,) = told(text)
    assert "Did you mean" not in only
