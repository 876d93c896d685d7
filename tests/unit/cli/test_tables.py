"""How values are written in tables."""

from edgemeter.cli.devices import _described
from edgemeter.cli.tables import print_facts, print_listing


def test_facts_are_written_for_people_and_harmless(capsys):
    facts = {"fifo": True, "[red]name": None}
    print_facts((("models", ["Cortex-A76", "Cortex-A55\x1b[2J"]), ("permissions", facts), ("nothing", [])))
    models, permissions = capsys.readouterr().out.splitlines()
    assert models.split(None, 1)[1].startswith("Cortex-A76, Cortex-A55")
    assert "\x1b" not in models
    assert permissions.split(None, 1)[1].strip() == "fifo: yes, [red]name:"


def test_an_empty_list_says_how_to_get_something_and_prints_no_data(capsys):
    print_listing(("name",), iter(()), "None. `edgemeter make` makes one.")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "None. `edgemeter make` makes one.\n")
    print_listing(("name",), iter([("a",)]), "None.")
    told = capsys.readouterr()
    assert ("a" in told.out, told.err) == (True, "")


def test_what_an_agent_tells_of_its_device_has_words_and_units():
    assert _described("memory_bytes", 16_800_000_000) == ("  memory", "16.8 GB")
    assert _described("memory_bytes", None) == ("  memory", None)
    assert _described("cpu_models", ["A76"]) == ("  cpu models", ["A76"])
