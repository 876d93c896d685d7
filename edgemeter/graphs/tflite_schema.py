"""What EdgeMeter needs of the TFLite schema: field indices, names and the scalars of operator options.

From LiteRT's schema.fbs; a test compares every line with the generated schema that LiteRT ships.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from edgemeter.graphs.graph import words


class ModelField(IntEnum):
    VERSION = 0
    OPERATOR_CODES = 1
    SUBGRAPHS = 2
    DESCRIPTION = 3
    BUFFERS = 4
    SIGNATURE_DEFS = 7


class OperatorCodeField(IntEnum):
    DEPRECATED_BUILTIN_CODE = 0
    CUSTOM_CODE = 1
    VERSION = 2
    BUILTIN_CODE = 3


class SubGraphField(IntEnum):
    TENSORS = 0
    INPUTS = 1
    OUTPUTS = 2
    OPERATORS = 3
    NAME = 4


class TensorField(IntEnum):
    SHAPE = 0
    TYPE = 1
    BUFFER = 2
    NAME = 3
    QUANTIZATION = 4
    SHAPE_SIGNATURE = 7
    EXTERNAL_BUFFER = 10


class QuantizationField(IntEnum):
    SCALE = 2
    ZERO_POINT = 3
    QUANTIZED_DIMENSION = 6


class SignatureField(IntEnum):
    INPUTS = 0
    OUTPUTS = 1
    SIGNATURE_KEY = 2
    SUBGRAPH_INDEX = 4


class TensorMapField(IntEnum):
    NAME = 0
    TENSOR_INDEX = 1


class BufferField(IntEnum):
    DATA = 0
    OFFSET = 1
    SIZE = 2


class OperatorField(IntEnum):
    OPCODE_INDEX = 0
    INPUTS = 1
    OUTPUTS = 2
    BUILTIN_OPTIONS_TYPE = 3
    BUILTIN_OPTIONS = 4
    BUILTIN_OPTIONS_2_TYPE = 11
    BUILTIN_OPTIONS_2 = 12


SCHEMA_VERSION: Final = 3
CUSTOM: Final = 32  #: BuiltinOperator.CUSTOM: the name is in custom_code

#: TensorType in the words of numpy.
TYPES: Final = words(
    """
    float32 float16 int32 uint8 int64 string bool int16 complex64 int8 float64 complex128 uint64 resource
    variant uint32 uint16 int4 bfloat16 int2 uint4 float8e4m3fn float8e5m2
    """
)

#: BuiltinOperator, by its number.
OPERATORS: Final = words(
    """
    ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
    EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D
    LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6
    RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM
    EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND
    TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN
    EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX MINIMUM
    LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE
    EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX
    PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE
    ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS
    SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG
    QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5
    SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM
    CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT
    HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS
    RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1
    UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN
    BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE STABLEHLO_MULTIPLY
    STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM
    STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE STABLEHLO_ABS
    STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_MINIMUM
    STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT STABLEHLO_SELECT
    STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT
    STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA
    STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER
    STABLEHLO_TRANSPOSE DILATE STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE
    STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE
    """
)

PADDINGS: Final = ("SAME", "VALID")
ACTIVATIONS: Final = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")

#: BuiltinOptions: number in the union, then the fields in order as name:code=default. Codes are those
#: of `struct`; "v" is a vector of int32, "-" a field that is gone or not a number.
_OPTIONS_TEXT: Final = """
    1 padding:b stride_w:i stride_h:i fused_activation_function:b dilation_w_factor:i=1
        dilation_h_factor:i=1 quantized_bias_type:b
    2 padding:b stride_w:i stride_h:i depth_multiplier:i fused_activation_function:b
        dilation_w_factor:i=1 dilation_h_factor:i=1
    3 num_channels:i num_columns_per_channel:v embedding_dim_per_channel:v
    4 type:b
    5 padding:b stride_w:i stride_h:i filter_width:i filter_height:i fused_activation_function:b
    6 rank:i fused_activation_function:b asymmetric_quantize_inputs:?
    7 fused_activation_function:b asymmetric_quantize_inputs:?
    8 fused_activation_function:b weights_format:b keep_num_dims:? asymmetric_quantize_inputs:?
        quantized_bias_type:b
    9 beta:f
    10 axis:i fused_activation_function:b
    11 fused_activation_function:b pot_scale_int16:?=1
    12 fused_activation_function:b
    13 radius:i bias:f alpha:f beta:f
    14 fused_activation_function:b cell_clip:f proj_clip:f kernel_type:b asymmetric_quantize_inputs:?
    15 - - align_corners:? half_pixel_centers:?
    16 subgraph:I
    17 new_shape:v
    18 ngram_size:i max_skip_size:i include_all_ngrams:?
    19 block_size:i
    20 combiner:b
    21 fused_activation_function:b
    23 axis:i batch_dims:i
    27 keep_dims:?
    28 fused_activation_function:b pot_scale_int16:?=1
    29 fused_activation_function:b
    30 squeeze_dims:v
    31 time_major:? fused_activation_function:b asymmetric_quantize_inputs:?
    32 begin_mask:i end_mask:i ellipsis_mask:i new_axis_mask:i shrink_axis_mask:i offset:?
    35 num_splits:i
    37 in_data_type:b out_data_type:b
    40 output_type:b
    49 padding:b stride_w:i stride_h:i fused_activation_function:b quantized_bias_type:b
    50 validate_indices:?
    55 out_type:b
    57 output_type:b
    58 min:f max:f num_bits:i narrow_range:?
    59 values_count:i axis:i
    61 axis:i
    64 num:i axis:i
    69 fused_activation_function:b cell_clip:f proj_clip:f merge_outputs:? time_major:?=1
        asymmetric_quantize_inputs:?
    70 time_major:? fused_activation_function:b merge_outputs:? asymmetric_quantize_inputs:?
    71 fused_activation_function:b cell_clip:f proj_clip:f time_major:? asymmetric_quantize_inputs:?
        diagonal_recurrent_tensors:?
    74 align_corners:? half_pixel_centers:?
    75 alpha:f
    77 mode:b
    79 num_splits:i
    80 idx_out_type:b=2
    87 seq_dim:i batch_dim:i
    92 then_subgraph_index:i else_subgraph_index:i
    93 cond_subgraph_index:i body_subgraph_index:i
    94 block_size:i
    101 adj_x:? adj_y:? asymmetric_quantize_inputs:?
    102 exclusive:? reverse:?
    103 init_subgraph_index:i
    106 padding:b stride_d:i stride_w:i stride_h:i fused_activation_function:b dilation_d_factor:i=1
        dilation_w_factor:i=1 dilation_h_factor:i=1
    107 table_id:i key_dtype:b value_dtype:b
    114 seed:q seed2:q
    116 approximate:?
"""


@dataclass(frozen=True, slots=True)
class Option:
    """One field of an options table."""

    index: int
    name: str
    code: str  #: of `struct`, or "v"
    default: int


def _parsed(text: str) -> dict[int, tuple[Option, ...]]:
    tables: dict[int, list[str]] = {}
    fields: list[str] = []
    for word in text.split():
        if word.isdigit():
            fields = tables[int(word)] = []
        else:
            fields.append(word)
    return {number: tuple(_options(fields)) for number, fields in tables.items()}


def _options(fields: list[str]) -> Iterator[Option]:
    for index, field in enumerate(fields):
        if field != "-":
            name, _, rest = field.partition(":")
            code, _, default = rest.partition("=")
            yield Option(index, name, code, int(default or 0))


OPTIONS: Final = _parsed(_OPTIONS_TEXT)

#: Number in the union BuiltinOptions2 and field of StableHLOCompositeOptions.decomposition_subgraph_index.
COMPOSITE_OPTIONS, COMPOSITE_DECOMPOSITION = 21, 1
