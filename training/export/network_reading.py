"""Keras model -> `Network`: walks the public configuration of a Sequential or functional model, nested models included.

A layer called twice gives two runs of steps. A layer that no rule below knows becomes a `plain` step, so a network of
one's own exports too, only without that layer being folded; the contract names such layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers

from training.errors import LayerUnsupported
from training.export.network import Kind, Network, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_TENSOR = "__keras_tensor__"
_ACTIVATIONS = ("sigmoid", "tanh", "elu", "silu", "gelu", "softplus")
"""By Keras' names; ReLU and linear are known apart. Any other activation leaves its layer plain."""
_IDENTITY = (layers.Dropout, layers.SpatialDropout2D, layers.GaussianNoise, layers.GaussianDropout)
"""Layers that do something while training only."""
_MERGES: dict[str, Kind] = {"Add": "add", "Subtract": "subtract", "Multiply": "multiply"}


def read_network(model: keras.Model) -> Network:
    """Read a model that ends in `Dense(1, sigmoid)`; the output of the result is the logit.

    Raises:
        LayerUnsupported: neither Sequential nor functional, more than one input, or another end.
    """
    if len(model.inputs) != 1 or "layers" not in (model.get_config() or {}):
        message = "the exported model must be a Sequential or functional Keras model with one input, the crop"
        raise LayerUnsupported(message)
    reader = _Reader()
    reader.steps["crop"] = Step("input")
    last = reader.steps[reader.read_model(model, ["crop"])]
    end = reader.steps.get(last.inputs[0]) if last.kind == "activation" else None
    if end is None or end.kind != "dense" or last.options["name"] != "sigmoid" or end.arrays["kernel"].shape[1] != 1:
        message = "the exported model must end in Dense(1, sigmoid), whose output is p_no_depression"
        raise LayerUnsupported(message)
    return Network(reader.steps, last.inputs[0], int(model.inputs[0].shape[1]))


class _Reader:
    """Collects steps; `read_*` return the name of the step that holds the answer."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}

    def add(self, name: str, step: Step) -> str:
        """Add a step under the name, made unique."""
        number, unique = 1, name
        while unique in self.steps:
            number += 1
            unique = f"{name}_{number}"
        self.steps[unique] = step
        return unique

    def read_model(self, model: keras.Model, inputs: Sequence[str]) -> str:
        config = model.get_config()
        if isinstance(model, keras.Sequential):
            name = inputs[0]
            for layer in model.layers:
                name = self.read_layer(layer, [name], (_placeholder(),), {})
            return name
        described = {described["name"]: described for described in config["layers"]}
        operations = {operation.name: operation for operation in model.operations}
        first = [_key(history) for history in _as_list(config["input_layers"])]
        known = dict(zip(first, inputs, strict=True))

        def resolve(key: tuple[str, int]) -> str:
            if key not in known:
                call = described[key[0]]["inbound_nodes"][key[1]]
                found: list[str] = []
                arguments = _collect(call["args"], resolve, found)
                keywords = _collect(call["kwargs"], resolve, found)
                known[key] = self.read_layer(operations[key[0]], found, tuple(arguments), keywords)
            return known[key]

        return resolve(_key(_as_list(config["output_layers"])[0]))

    def read_layer(self, layer: Any, inputs: list[str], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> str:  # noqa: ANN401 - a Keras operation
        if isinstance(layer, (keras.Sequential, keras.Model)) and "layers" in (layer.get_config() or {}):
            return self.read_model(layer, inputs)
        if isinstance(layer, _IDENTITY):
            return inputs[0]
        steps = _steps_of(layer, arguments)
        if steps is None:
            run, variables = _plain(layer, arguments, keywords), tuple(v.value for v in getattr(layer, "variables", ()))
            return self.add(layer.name, Step("plain", tuple(inputs), call=run, variables=variables))
        name, reads = inputs[0], tuple(inputs)
        for step in steps:
            suffix = "" if step is steps[0] else f"_{step.options.get('name', step.kind)}"
            name = self.add(f"{layer.name}{suffix}", Step(step.kind, reads, step.arrays, step.options))
            reads = (name,)
        return name


def _steps_of(layer: Any, arguments: tuple[Any, ...]) -> list[Step] | None:  # noqa: ANN401, PLR0911 - a rule per line
    """The steps of one layer or operation, without inputs; None where no rule knows it."""
    if isinstance(layer, layers.Rescaling):
        return [_affine(np.asarray(layer.scale, np.float64), np.asarray(layer.offset, np.float64))]
    if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)):
        return _linear_steps(layer)
    if isinstance(layer, layers.BatchNormalization):
        return _normalisation(layer)
    if isinstance(layer, (layers.ReLU, layers.Activation)):
        return _activation_steps(layer)
    if isinstance(layer, layers.MaxPooling2D):
        options = {"size": layer.pool_size, "strides": layer.strides, "padding": layer.padding.upper()}
        return [Step("max_pool", options=options)] if layer.data_format == "channels_last" else None
    if isinstance(layer, layers.GlobalAveragePooling2D):
        return [Step("mean")] if layer.data_format == "channels_last" and not layer.keepdims else None
    if isinstance(layer, layers.Flatten):
        return [Step("flatten")] if layer.data_format == "channels_last" else None
    if isinstance(layer, layers.Concatenate):
        return [Step("concatenate")] if layer.axis == -1 else None
    return _arithmetic(layer, arguments)


def _linear_steps(layer: Any) -> list[Step] | None:  # noqa: ANN401 - a Keras layer
    activation = _activation_of(layer.activation)
    if (
        activation is None
        or isinstance(layer, layers.Conv2DTranspose)
        or (getattr(layer, "groups", 1) != 1 and not isinstance(layer, layers.DepthwiseConv2D))
    ):
        return None
    kernel = np.asarray(layer.kernel.value, np.float64)
    if isinstance(layer, layers.Dense):
        kind: Kind = "dense"
        outputs, options = kernel.shape[1], {}
        if len(layer.input.shape) != 2:
            return None
    else:
        kind = "depthwise" if isinstance(layer, layers.DepthwiseConv2D) else "conv"
        if (
            layer.data_format != "channels_last"
            or set(layer.dilation_rate) != {1}
            or layer.padding not in ("same", "valid")
        ):
            return None
        if kind == "depthwise" and len(set(layer.strides)) != 1:
            return None  # the TensorFlow kernel wants square strides
        outputs = kernel.shape[2] * kernel.shape[3] if kind == "depthwise" else kernel.shape[3]
        options = {"strides": tuple(layer.strides), "padding": layer.padding.upper()}
    bias = np.asarray(layer.bias.value, np.float64) if layer.use_bias else np.zeros(outputs)
    return [Step(kind, arrays={"kernel": kernel, "bias": bias}, options=options), *activation]


def _normalisation(layer: layers.BatchNormalization) -> list[Step] | None:
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    if axis not in (-1, len(layer.input.shape) - 1):
        return None
    mean, variance = (np.asarray(v.value, np.float64) for v in (layer.moving_mean, layer.moving_variance))
    gamma = np.asarray(layer.gamma.value, np.float64) if layer.scale else np.ones_like(mean)
    beta = np.asarray(layer.beta.value, np.float64) if layer.center else np.zeros_like(mean)
    scale = gamma / np.sqrt(variance + layer.epsilon)
    return [_affine(scale, beta - mean * scale)]


def _activation_steps(layer: layers.ReLU | layers.Activation) -> list[Step] | None:
    if isinstance(layer, layers.ReLU):
        usual = layer.max_value is None and not layer.negative_slope and not layer.threshold
        return [Step("relu")] if usual else None
    found = _activation_of(layer.activation)
    return found or None


def _activation_of(function: Any) -> list[Step] | None:  # noqa: ANN401 - a Keras activation
    """No step for a linear activation, one for those known, None for others."""
    name = getattr(function, "__name__", "")
    if function is None or name == "linear":
        return []
    if name == "relu":
        return [Step("relu")]
    return [Step("activation", options={"name": name})] if name in _ACTIVATIONS else None


def _arithmetic(layer: Any, arguments: tuple[Any, ...]) -> list[Step] | None:  # noqa: ANN401, PLR0911 - a rule per line
    """Merging layers, and the operations of `keras.ops` that an architecture writes as `a + b`, `0.5 * a`, `ops.flip(a)`."""
    name = type(layer).__name__
    operation = not isinstance(layer, layers.Layer)
    if name == "Flip" and operation:
        return [Step("flip", options={"axis": int(layer.axis)})] if isinstance(layer.axis, int) else None
    if name == "Absolute" and operation:
        return [Step("absolute")]
    if name not in _MERGES:
        return None
    operands = arguments if operation else arguments[0]
    if len(operands) != 2:
        return None
    numbers = [operand for operand in operands if isinstance(operand, (int, float))]
    if not numbers:
        return [Step(_MERGES[name])]
    one, zero, number = np.array(1.0), np.array(0.0), np.array(float(numbers[0]))
    if name == "Multiply":
        return [_affine(number, zero)]
    if name == "Add":
        return [_affine(one, number)]
    first = isinstance(operands[0], (int, float))
    return [_affine(-one, number) if first else _affine(one, -number)]


def _affine(scale: NDArray[np.float64], shift: NDArray[np.float64]) -> Step:
    return Step("affine", arrays={"scale": np.asarray(scale), "shift": np.asarray(shift)})


def _plain(layer: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Callable[..., Any]:  # noqa: ANN401 - a Keras operation
    """A function of the inputs that calls the layer as the model did, not training."""
    places = list(_placeholders((arguments, keywords)))
    if isinstance(layer, layers.Layer) and layer._call_has_training_arg:  # noqa: SLF001 - Keras has no public name for it
        keywords = {**keywords, "training": False}

    def run(*tensors: Any) -> Any:  # noqa: ANN401 - tensors
        values = dict(zip(map(id, places), tensors, strict=True))
        return layer(*_fill(arguments, values), **_fill(keywords, values))

    return run


class _Placeholder:
    """Where a tensor stands in the arguments of a call."""


def _placeholder() -> _Placeholder:
    return _Placeholder()


def _collect(structure: Any, resolve: Callable[[tuple[str, int]], str], found: list[str]) -> Any:  # noqa: ANN401 - JSON
    """The arguments of a call with placeholders for tensors; names of the steps that give them go to `found`."""
    if isinstance(structure, dict):
        if structure.get("class_name") == _TENSOR:
            found.append(resolve(_key(structure["config"]["keras_history"])))
            return _placeholder()
        return {name: _collect(value, resolve, found) for name, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_collect(value, resolve, found) for value in structure]
    return structure


def _placeholders(structure: Any) -> list[_Placeholder]:  # noqa: ANN401 - nested arguments
    if isinstance(structure, _Placeholder):
        return [structure]
    values = structure.values() if isinstance(structure, dict) else structure
    return (
        [found for value in values for found in _placeholders(value)]
        if isinstance(structure, (dict, list, tuple))
        else []
    )


def _fill(structure: Any, values: dict[int, Any]) -> Any:  # noqa: ANN401 - nested arguments
    if isinstance(structure, _Placeholder):
        return values[id(structure)]
    if isinstance(structure, dict):
        return {name: _fill(value, values) for name, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_fill(value, values) for value in structure]
    return structure


def _key(history: Sequence[Any]) -> tuple[str, int]:
    """Layer and number of its call; all layers here have one output."""
    name, call, tensor = history
    if tensor != 0:
        message = f"layer {name} has several outputs, which the export does not know"
        raise LayerUnsupported(message)
    return str(name), int(call)


def _as_list(histories: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Keras writes a single input or output without the list around it."""
    return [histories] if isinstance(histories[0], str) else list(histories)
