# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a teacher does to a sequence: items change, activities follow."""

from __future__ import annotations

import dataclasses

import pytest

from appliance.errors import BadInput, NotFound
from appliance.sequences import edit, ready, selection
from appliance.sequences.sequence import Activity, Item, Sequence


def zoo() -> Sequence:
    made = edit.begun("my-zoo", ("Mon zoo", "My zoo"), "animals", "ce2", "École du Bourg",
                      edit.listed("ship = un navire\nsheep = un mouton\n\nWhat is it? = Quoi ?\nIt's a sheep.=Un."),
                      ("Nommer", "Montrez les cartes."))  # fmt: skip
    made = edit.put(made, dataclasses.replace(made.items[3], answers="What is it?"), "its-a-sheep")
    for activity in (
        Activity("picture-word", ("ship", "sheep")),
        Activity("minimal-pairs", ("ship", "sheep"), ("ih/iy",), (("ship", "sheep"),)),
        Activity("question-answer", ("What is it?", "It's a sheep.")),
        Activity("dialogue", ("What is it?", "It's a sheep.")),
        Activity("simon-says", ("sheep",)),
    ):
        if activity.kind == "picture-word":
            made = edit.put(made, dataclasses.replace(made.items[0], pictures=("26F5",)), "ship")
            made = edit.put(made, dataclasses.replace(made.items[1], pictures=("1F411",)), "sheep")
        made = edit.put_activity(made, activity)
    return made


def items(sequence: Sequence) -> dict[str, tuple[str, ...]]:
    return {activity.kind: activity.items for activity in sequence.activities}


def test_a_list_of_words_is_a_sequence() -> None:
    made = zoo()
    assert [(item.text, item.kind) for item in made.items] == [
        ("ship", "word"), ("sheep", "word"), ("What is it?", "phrase"), ("It's a sheep.", "phrase")
    ]  # fmt: skip
    assert edit.checked(made) == made


@pytest.mark.parametrize("text", ["", "cat", "= chat", "cat =", "un chat (cat)"])
def test_a_list_that_is_none_says_which_line(text: str) -> None:
    with pytest.raises(BadInput):
        edit.listed(text)


@pytest.mark.parametrize("line", ["cat = un chat", "cat=un chat", "cat\tun chat", "cat : un chat", " cat\t\tun chat "])
def test_a_line_may_come_from_elsewhere(line: str) -> None:
    assert edit.listed(line) == (("cat", "un chat"),)


def test_activities_follow_a_new_text() -> None:
    before = zoo()
    after = edit.put(before, dataclasses.replace(before.items[1], text="lamb"), "sheep")
    told = items(after)
    assert told["listen-repeat"] == ("ship", "lamb", "What is it?", "It's a sheep.")
    assert told["simon-says"] == ("lamb",)
    assert told["minimal-pairs"] == ("ship", "lamb")
    renamed = edit.put(before, dataclasses.replace(before.items[2], text="What's that?"), "what-is-it")
    assert renamed.items[3].answers == "What's that?"
    assert items(renamed)["dialogue"] == ("What's that?", "It's a sheep.")


def test_a_new_item_comes_where_all_were_meant() -> None:
    before = zoo()
    bare, shown = Item("goat", "word", "une chèvre"), Item("cow", "word", "une vache", ("1F404",))
    told = items(edit.put(edit.put(before, bare), shown))
    assert told["listen-repeat"][-2:] == ("goat", "cow")
    assert told["picture-word"] == ("ship", "sheep", "cow"), "a game of pictures takes none without a picture"
    assert told["simon-says"] == ("sheep",)
    assert told["dialogue"] == items(before)["dialogue"]


def test_what_goes_leaves_its_activities() -> None:
    told = items(edit.without(zoo(), "sheep"))
    assert "minimal-pairs" not in told
    assert "simon-says" not in told
    assert told["picture-word"] == ("ship",)
    alone = edit.without(edit.without(zoo(), "its-a-sheep"), "what-is-it")
    assert set(items(alone)) == {"listen-repeat", "picture-word", "minimal-pairs", "simon-says"}
    with pytest.raises(BadInput, match="Keep one word"):
        edit.without(edit.without(alone, "ship"), "sheep")
    with pytest.raises(NotFound):
        edit.without(alone, "goat")


def test_items_and_activities_move() -> None:
    made = zoo()
    assert [item.slug for item in edit.moved(made, "sheep", -1).items][:2] == ["sheep", "ship"]
    assert edit.moved(made, "ship", -1) == made
    kinds = [activity.kind for activity in made.activities]
    assert [a.kind for a in edit.moved_activity(made, 0, 1).activities][:2] == [kinds[1], kinds[0]]
    left = edit.without_activity(made, 5)
    assert len(left.activities) == 5
    with pytest.raises(NotFound):
        edit.without_activity(left, 5)
    for _ in range(4):
        left = edit.without_activity(left, 0)
    with pytest.raises(BadInput, match="Keep one activity"):
        edit.without_activity(left, 0)


@pytest.mark.parametrize(
    "item",
    [Item("sheep", "word", "un autre"), Item("42", "word", "nombre"), Item("cat", "word", ""),
     Item("dog", "word", "chien", ("x.gif",)), Item("dog", "word", "chien", pronunciations={"dog": "D QQ"})],
    ids=["twice", "digits", "gloss", "picture", "sounds"],
)  # fmt: skip
def test_an_item_is_held_to_the_format(item: Item) -> None:
    with pytest.raises(BadInput):
        edit.put(zoo(), item)


@pytest.mark.parametrize("name", ready.ids())
def test_a_ready_sequence_is_copied_and_takes_a_word(name: str) -> None:
    copy = edit.copied(ready.sequence(name), "mine", ("À moi", "Mine"), "École du Bourg")
    assert copy.authors == ("The Cartable authors", "École du Bourg")
    more = edit.put(copy, Item("zebra crossing", "word", "un passage pour piétons", ("1F993",)))
    for before, after in zip(copy.activities, more.activities, strict=True):
        assert after.items == before.items or set(after.items) - set(before.items) == {"zebra crossing"}
        assert after.items == before.items or before.kind not in selection.IN_ORDER
    back = edit.without(more, "zebra-crossing")
    assert [set(a.items) for a in back.activities] == [set(a.items) for a in copy.activities]


def test_names_are_free() -> None:
    assert edit.identifier("Les élèves, ça va ?", ()) == "les-eleves-ca-va"
    assert edit.identifier("Zoo", ("zoo", "zoo-2")) == "zoo-3"
    assert edit.identifier("动物", ()) == "sequence"
    assert len(edit.identifier("a" * 400, ("a" * edit.LONGEST_ID,))) <= 60
