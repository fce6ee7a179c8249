"""What kinds of ops a signature leads to, which decides whether a tensor's rank must be checked before it is run.

TensorFlow answers a tensor that an op cannot take, and TensorFlow Serving sends that answer; only ops that look for
channels in a data format do not check how many dimensions there are, and end the whole process (a CHECK of oneDNN's
tensor_format.h; observed on 2.20). Everywhere else another rank is TensorFlow's business: `[1.0, 2.0]` for a signature of
shape [-1, 1] is the first example of TensorFlow Serving's own documentation.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tensorflow.python.framework import op_def_registry

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORMAT_ATTRIBUTE: Final = "data_format"
# These have the attribute and check the rank themselves.
_CAREFUL_OPS: Final = frozenset({"BiasAdd", "BiasAddGrad"})


@dataclass(frozen=True, slots=True)
class _Node:
    needs_rank: bool
    inputs: tuple[str, ...]
    functions: frozenset[str]


class GraphOps:
    """The graph of a SavedModel and its functions, without anything of their size.

    Args:
        graph_def: TensorFlow's GraphDef.
    """

    def __init__(self, graph_def: Any) -> None:  # noqa: ANN401 - TensorFlow's messages have no stubs
        self._nodes = {node.name: _summarise(node) for node in graph_def.node}
        self._functions = {
            function.signature.name: [_summarise(node) for node in function.node_def]
            for function in graph_def.library.function
        }

    def need_rank(self, tensor_names: Iterable[str]) -> bool:
        """Whether running these tensors reaches an op that a wrong rank makes end the process."""
        waiting = [name.partition(":")[0] for name in tensor_names]
        seen: set[str] = set()
        functions: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in seen or name not in self._nodes:
                continue
            seen.add(name)
            node = self._nodes[name]
            if node.needs_rank:
                return True
            functions |= node.functions
            waiting += node.inputs
        return self._do_functions_need_rank(functions)

    def _do_functions_need_rank(self, names: set[str]) -> bool:
        waiting = list(names)
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            for node in self._functions.get(name, ()):
                if node.needs_rank:
                    return True
                waiting += node.functions
        return False


def _summarise(node: Any) -> _Node:  # noqa: ANN401 - TensorFlow's messages have no stubs
    functions = {value.func.name for value in node.attr.values() if value.HasField("func")}
    functions |= {func.name for value in node.attr.values() for func in value.list.func}
    inputs = tuple(name.removeprefix("^").partition(":")[0] for name in node.input)
    return _Node(_looks_for_channels(node.op), inputs, frozenset(functions))


@functools.cache
def _looks_for_channels(op: str) -> bool:
    # Of the op's definition and not of the node: an attribute at its default is not written into a SavedModel.
    definition = op_def_registry.get(op)
    attributes = definition.attr if definition else ()
    return op not in _CAREFUL_OPS and any(attribute.name == _FORMAT_ATTRIBUTE for attribute in attributes)
