"""How values are written in tables."""

from edgemeter.cli.tables import print_facts


def test_facts_are_written_for_people_and_harmless(capsys):
    facts = {"fifo": True, "[red]name": None}
    print_facts((("models", ["Cortex-A76", "Cortex-A55\x1b[2J"]), ("permissions", facts), ("nothing", [])))
    models, permissions = capsys.readouterr().out.splitlines()
    assert models.split(None, 1)[1].startswith("Cortex-A76, Cortex-A55")
    assert "\x1b" not in models
    assert permissions.split(None, 1)[1].strip() == "fifo: yes, [red]name:"
