"""TensorFlow Serving's --ssl_config_file: a text proto that holds certificates and key themselves, not the names of their files.

python write_ssl_config.py FOLDER FILE: reads tls.crt, tls.key and ca.crt in FOLDER. FILE belongs into memory: the key is in it.
"""

# ruff: noqa: INP001 - a program in a ConfigMap, no part of a package
import json
import os
import sys
from pathlib import Path

FIELDS = {"server_key": "tls.key", "server_cert": "tls.crt", "custom_ca": "ca.crt"}


def main(folder: Path, file: Path) -> None:
    """Write the file, readable by its owner only."""
    texts = {field: (folder / name).read_text(encoding="ascii") for field, name in FIELDS.items()}
    # JSON's escapes of ASCII text are text proto's, too.
    lines = [f"{field}: {json.dumps(text)}\n" for field, text in texts.items()]
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
        out.writelines([*lines, "client_verify: true\n"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
