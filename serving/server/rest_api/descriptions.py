"""Status and metadata of a model as JSON, in the layout of protobuf's printer (http_rest_api_util.cc, ToJsonString)."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.json_format import MessageToDict

from serving.server.errors import Code
from serving.wire import predict_pb2 as pb
from serving.wire.client import SIGNATURE_DEF_FIELD


def status_json(response: pb.GetModelStatusResponse) -> bytes:
    """The states of versions, highest first; version numbers are strings, as protobuf writes an int64."""
    entries = [
        {
            "version": str(entry.version),
            "state": pb.ModelVersionStatus.State.Name(entry.state),
            "status": {"error_code": Code(entry.status.error_code).name, "error_message": entry.status.error_message},
        }
        for entry in response.model_version_status
    ]
    return _printed({"model_version_status": entries}).encode()


def metadata_json(response: pb.GetModelMetadataResponse) -> bytes:
    """Name, version and signatures; theirs is put together from two printed messages, and so has lines of its own."""
    signatures = MessageToDict(
        pb.SignatureDefMap.FromString(response.metadata[SIGNATURE_DEF_FIELD].value),
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
    spec = response.model_spec
    printed_spec = _printed({"name": spec.name, "signature_name": "", "version": str(spec.version.value)})
    metadata = f'{{"{SIGNATURE_DEF_FIELD}": {_printed(signatures)}}}'
    return f'{{\n"model_spec":{printed_spec},\n"metadata": {metadata}\n}}\n'.encode()


def _printed(message: dict[str, Any]) -> str:
    return json.dumps(message, indent=1, ensure_ascii=False) + "\n"
