"""Files of --ssl_config_file that no port can be opened with."""

import pytest

from serving.server.errors import InvalidArgument
from serving.server.tls import read_credentials


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("server_key: ", "Invalid protobuf file: "),
        ('server_cert: "c"', "server_key and server_cert must stand in "),
        ('server_key: "k" server_cert: "c" client_verify: true', "client_verify needs custom_ca in "),
    ],
)
def test_a_file_that_says_too_little_is_named(tmp_path, text, words):
    path = tmp_path / "ssl.config"
    path.write_text(text)
    with pytest.raises(InvalidArgument) as error:
        read_credentials(path)
    assert error.value.message.startswith(words)
    assert str(path) in error.value.message
