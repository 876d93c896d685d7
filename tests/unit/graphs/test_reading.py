"""Formats by content, friendly refusals, and the golden network."""

from pathlib import Path

import pytest

from edgemeter.graphs import Limits, MalformedFileError, ShapeError, read_graph, structural_hash

DATA = Path(__file__).parents[2] / "data"


def test_mobilenet_v2_has_the_published_costs():
    graph = read_graph(DATA / "mobilenet_v2.onnx", {"input": (1, 3, 224, 224)})

    assert graph.macs == 300_774_272
    assert graph.parameters == 3_504_872
    assert graph.uncounted == ()
    assert graph.tensors["output"].shape == (1, 1000)


def test_costs_grow_with_the_batch_and_parameters_do_not():
    one = read_graph(DATA / "mobilenet_v2.onnx", {"input": (1, 3, 224, 224)})
    four = read_graph(DATA / "mobilenet_v2.onnx", {"input": (4, 3, 224, 224)})

    assert four.macs == 4 * one.macs
    assert four.parameters == one.parameters
    assert four.peak_activation_bytes == 4 * one.peak_activation_bytes
    assert structural_hash(four) != structural_hash(one)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest of an archive", "ZIP"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\n  <?xml version='1.0'?>", "web page or XML"),
        (b'{"a": 1}', "JSON"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git-lfs"),
        (b"\x89HDF\r\n\x1a\n", "Keras"),
        (b"\x80\x02}q\x00.", "pickle"),
        (bytes(1000), "broken"),
        (b"\xff" * 1000, "broken"),
        (b"\x00\x00\x00\x00TFL3", "broken"),
        (b"\x08\x00\x00\x00TFL3", "cut off"),
    ],
)
def test_what_is_no_network_is_told_in_words(tmp_path, content, words):
    file = tmp_path / "network.onnx"
    file.write_bytes(content)

    with pytest.raises(MalformedFileError, match=words):
        read_graph(file)


def test_the_name_of_a_file_says_nothing(tmp_path, small_tflite, small_onnx):
    (tmp_path / "a.onnx").write_bytes(small_tflite)
    (tmp_path / "b.tflite").write_bytes(small_onnx)

    assert read_graph(tmp_path / "a.onnx").format == "tflite"
    assert read_graph(tmp_path / "b.tflite").format == "onnx"


def test_a_file_above_the_limit_is_refused(read, small_onnx):
    with pytest.raises(MalformedFileError, match="bytes"):
        read(small_onnx, limits=Limits(file_bytes=100))


@pytest.mark.parametrize("length", [1, 10, 100, 500, 1000])
def test_a_truncated_onnx_file_is_refused(read, small_onnx, length):
    with pytest.raises((MalformedFileError, ShapeError)):
        read(small_onnx[:length])


def test_no_truncation_of_a_tflite_file_escapes(read, small_tflite):
    for length in range(8, len(small_tflite) - 64, 16):
        with pytest.raises(MalformedFileError):
            read(small_tflite[:length])


def test_an_unsupported_opset_is_told(read, onnx, small_onnx):
    from onnx import ModelProto

    model = ModelProto.FromString(small_onnx)
    model.opset_import[0].version = 999

    with pytest.raises(MalformedFileError, match="opset 999"):
        read(model)
