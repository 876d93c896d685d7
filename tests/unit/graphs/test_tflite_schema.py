"""Every number of our schema facts against the schema that LiteRT generates."""

import re

import pytest
from ai_edge_litert import schema_py_generated as official

from edgemeter.graphs import tflite_schema as ours

CODES = {"b": "Int8", "B": "Uint8", "?": "Bool", "i": "Int32", "I": "Uint32", "q": "Int64", "f": "Float32"}


def numbers(enum):
    return {value: name for name, value in vars(enum).items() if isinstance(value, int)}


def camel(name):
    return "".join(word.capitalize() for word in name.split("_"))


def slot(table, method):
    """The vtable slot that a generated accessor reads."""
    import inspect

    source = inspect.getsource(getattr(table, method))
    return (int(re.search(r"_tab\.Offset\((\d+)\)", source)[1]) - 4) // 2, source


def test_operators():
    assert dict(enumerate(ours.OPERATORS)) == numbers(official.BuiltinOperator)
    assert official.BuiltinOperator.CUSTOM == ours.CUSTOM


def test_types():
    plain = {number: name.lower().replace("_", "") for number, name in numbers(official.TensorType).items()}
    assert dict(enumerate(ours.TYPES)) == plain


def test_enums():
    assert dict(enumerate(ours.PADDINGS)) == numbers(official.Padding)
    assert dict(enumerate(ours.ACTIVATIONS)) == numbers(official.ActivationFunctionType)


@pytest.mark.parametrize(
    ("fields", "table"),
    [
        (ours.ModelField, official.Model),
        (ours.OperatorCodeField, official.OperatorCode),
        (ours.SubGraphField, official.SubGraph),
        (ours.TensorField, official.Tensor),
        (ours.QuantizationField, official.QuantizationParameters),
        (ours.SignatureField, official.SignatureDef),
        (ours.TensorMapField, official.TensorMap),
        (ours.BufferField, official.Buffer),
        (ours.OperatorField, official.Operator),
    ],
)
def test_field_indices(fields, table):
    for field in fields:
        method = camel(field.name).replace("Builtin Options 2", "BuiltinOptions2")
        assert slot(table, method)[0] == field, field.name


@pytest.mark.parametrize("number", sorted(ours.OPTIONS))
def test_options(number):
    table = getattr(official, numbers(official.BuiltinOptions)[number])
    for option in ours.OPTIONS[number]:
        method = next(name for name in dir(table) if name.lower() == option.name.replace("_", ""))
        index, source = slot(table, method)
        assert index == option.index
        if option.code == "v":
            assert "Vector(o)" in source
        else:
            assert f"number_types.{CODES[option.code]}Flags" in source
            returned = re.findall(r"return (\S+)$", source, re.M)[-1]
            assert float({"False": 0, "True": 1}.get(returned, returned)) == option.default


def test_no_options_with_numbers_are_missing():
    """A new LiteRT may bring new tables; then they belong into the schema facts."""
    known = numbers(official.BuiltinOptions)
    empty_or_text = {"VarHandleOptions", "BucketizeOptions"}
    for number, name in known.items():
        table = getattr(official, name, None)
        has_fields = table is not None and any(
            "_tab.Offset" in _source(table, method) for method in vars(table)
        )
        if has_fields and name not in empty_or_text:
            assert number in ours.OPTIONS, name


def _source(table, method):
    import inspect

    try:
        return inspect.getsource(getattr(table, method))
    except TypeError:
        return ""


def test_composite():
    assert numbers(official.BuiltinOptions2)[ours.COMPOSITE_OPTIONS] == "StableHLOCompositeOptions"
    index, _ = slot(official.StableHLOCompositeOptions, "DecompositionSubgraphIndex")
    assert index == ours.COMPOSITE_DECOMPOSITION
