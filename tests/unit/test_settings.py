from pathlib import Path

import pytest

from mock_server.settings import Settings, SettingsError


def load(environ: dict[str, str] | None = None, **flags: object) -> Settings:
    return Settings.load(flags, environ or {})


def file_with(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "settings.toml"
    file.write_text(text, "utf-8")
    return file


def test_without_anything_the_defaults_hold() -> None:
    settings = load()

    assert settings == Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 3040)


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = file_with(tmp_path, 'port = 1\nhost = "file"\ntoken = "file"')
    environ = {"ARTQR_MOCK_PORT": "2", "ARTQR_MOCK_HOST": "environ", "OTHER": "x"}

    settings = Settings.load({"port": 3, "host": None}, environ, file)

    assert (settings.port, settings.host, settings.token) == (3, "environ", "file")


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    file = file_with(tmp_path, "journal_calls = 5\ncallback_timeout = 0.5\ncallback_hosts = ['a']")

    settings = load({"ARTQR_MOCK_CONFIG": str(file), "ARTQR_MOCK_URL": "http://x"})

    assert (settings.journal_calls, settings.callback_timeout) == (5, 0.5)
    assert settings.callback_hosts == ("a",)


def test_hosts_in_the_environment_are_separated_by_commas() -> None:
    settings = load({"ARTQR_MOCK_CALLBACK_HOSTS": "a.test, 10.0.0.0/8,,"})

    assert settings.callback_hosts == ("a.test", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("variable", "hint"),
    [("ARTQR_MOCK_PROT", "did you mean 'port'"), ("ARTQR_MOCK_XYZZY", "valid: host, port")],
)
def test_an_unknown_variable_is_refused_with_what_was_meant(variable: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable}: unknown setting .*; {hint}"):
        load({variable: "1"})


def test_an_unknown_name_in_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ports in .*settings\.toml: .*did you mean 'port'"):
        Settings.load({}, {}, file_with(tmp_path, "ports = 1"))


def test_a_file_that_is_not_there_or_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read .*: No such file"):
        Settings.load({}, {}, tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="is not TOML"):
        Settings.load({}, {}, file_with(tmp_path, "port: 1"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "x"),
        ("PORT", ""),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("SEED", "-1"),
        ("SEED", str(2**63)),
        ("SEED", "1.5"),
        ("CALLBACK_TIMEOUT", "0"),
        ("CALLBACK_TIMEOUT", "nan"),
        ("REQUEST_TIMEOUT", "inf"),
        ("CALLBACK_CONCURRENCY", "0"),
        ("JOURNAL_CALLS", "0"),
        ("JOURNAL_MIB", "-5"),
        ("PICTURE_CACHE_MIB", "0"),
        ("PUBLIC_URL", "qr.test"),
        ("PUBLIC_URL", "ftp://qr.test"),
        ("PUBLIC_URL", "http://[x"),
        ("PUBLIC_URL", "http://"),
        ("TOKEN", ""),
    ],
)
def test_a_value_that_cannot_be_is_refused_naming_the_setting(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"(?i){name}"):
        load({f"ARTQR_MOCK_{name}": value})


@pytest.mark.parametrize(
    "line",
    ["port = 1.5", "port = true", "port = []", "callback_timeout = true", "callback_hosts = 5",
     "token = 12345", "host = ['a']"],
)  # fmt: skip
def test_a_value_of_the_wrong_type_in_the_file_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match="is not a"):
        Settings.load({}, {}, file_with(tmp_path, line))


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - what is asked about
        ("::", False),
        ("192.168.1.5", False),
        ("", False),
        ("qr.test", False),
    ],
)
def test_only_an_address_of_this_machine_is_loopback(host: str, loopback: bool) -> None:
    assert Settings(host=host).is_loopback is loopback


@pytest.mark.parametrize(
    "host",
    ["*", "qr.test", "QR.test.", "例子.测试", "192.0.2.1", "192.0.2.0/24", "2001:db8::/32", "::1"],
)
def test_a_callback_host_is_a_name_an_address_a_network_or_all(host: str) -> None:
    assert Settings(callback_hosts=(host,)).callback_hosts == (host,)


@pytest.mark.parametrize(
    "host", ["http://qr.test", "qr.test:80", "qr.test/a", "a..b", "a b", "[::1]", "", "*.qr.test/"]
)
def test_what_is_no_callback_host_is_refused_with_what_is(host: str) -> None:
    with pytest.raises(SettingsError, match="without scheme and port"):
        Settings(callback_hosts=(host,))


def test_the_database_is_in_the_users_data_directory_unless_named() -> None:
    assert Settings(database=":memory:").database_path == ":memory:"
    assert Path(Settings().database_path).name == "artqr-mock.sqlite3"
    assert "artqr-mock" in Path(Settings().database_path).parent.name


@pytest.mark.parametrize("depth", [65, 300, 900, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a=", "1}")])
def test_a_file_that_is_nested_too_deep_is_refused(
    tmp_path: Path, opening: str, closing: str, depth: int
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f"port = {opening * depth}{closing * depth}\n")

    with pytest.raises(SettingsError, match=r"nested|is not TOML"):
        Settings.load({}, {}, file)
