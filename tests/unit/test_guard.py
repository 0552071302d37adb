"""Where captures may go."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.engines.guard import MAX_URL, check_address, check_url, kind_of, networks, resolve
from archiver.errors import AddressRefused, FetchFailed, InvalidURL, UsageError

KINDS = {
    "127.0.0.1": "loopback",
    "127.8.9.1": "loopback",
    "::1": "loopback",
    "0.0.0.0": "unspecified",
    "::": "unspecified",
    "10.1.2.3": "private",
    "172.16.0.1": "private",
    "192.168.1.1": "private",
    "fd12::1": "private",
    "fec0::1": "reserved",
    "169.254.1.1": "link-local",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "169.254.169.254": "metadata",
    "fd00:ec2::254": "metadata",
    "100.100.100.200": "metadata",
    "168.63.129.16": "metadata",
    "100.64.0.1": "carrier NAT",
    "224.0.0.251": "multicast",
    "ff02::1": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "192.0.0.8": "reserved",
    "4000::1": "reserved",
    "junk": "unreadable",
    "::ffff:10.0.0.1": "private",  # mapped
    "::ffff:169.254.169.254": "metadata",
    "::127.0.0.1": "reserved",  # compatible
    "2002:7f00:1::": "loopback",  # 6to4
    "2002:a9fe:a9fe::": "metadata",
    "64:ff9b::10.0.0.1": "private",  # NAT64
    "64:ff9b:1::1": "reserved",
    "2606:4700::5efe:10.0.0.1": "private",  # ISATAP
}
PUBLIC = ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::"]


@pytest.mark.parametrize(("address", "kind"), KINDS.items())
def test_addresses_off_the_public_internet_are_refused(address, kind):
    assert kind_of(address) == kind
    with pytest.raises(AddressRefused, match="captures do not reach") as refusal:
        check_address("news.example", address, False)
    assert (refusal.value.kind, refusal.value.exit_code) == (kind, 4)
    check_address("news.example", address, True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address):
    check_address("news.example", address, False)


def test_teredo_hides_nothing():
    assert kind_of("2001:0:808:808:8000:63bf:80ff:fffe")  # client 127.0.0.1, its bits turned round


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_as_private_inside_ipv6_as_outside(address):
    kind = kind_of(str(address))
    for prefix in (0xFFFF << 32, 0x64FF9B << 96):
        assert kind_of(str(ipaddress.IPv6Address(prefix | int(address)))) == kind
    if kind:
        assert kind_of(str(ipaddress.IPv6Address(0x2002 << 112 | int(address) << 80)))


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_what_python_calls_private_is_never_public(address):
    mapped = getattr(address, "ipv4_mapped", None)
    if address.is_private and mapped is None:
        assert kind_of(str(address))


@pytest.mark.parametrize(
    "host",
    ["0x7f.1", "2130706433", "0177.0.0.1", "127.1", "127.0.0.1.", "[::1]", "::1", "[::ffff:7f00:1]", "１２７。1"],
)
def test_odd_spellings_of_loopback_are_loopback(host):
    with pytest.raises(AddressRefused):
        resolve(host, 80, allow_private=False)
    assert ipaddress.ip_address(resolve(host, 80, allow_private=True)[0])


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "news.localhost", "a.b.localhost."])
def test_localhost_is_loopback_without_dns(host, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", None)
    assert resolve(host, 8080, allow_private=True) == ["127.0.0.1", "::1"]
    with pytest.raises(AddressRefused):
        resolve(host, 8080, allow_private=False)


def answering(monkeypatch, *addresses):
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)


def test_a_name_that_points_inside_is_refused(monkeypatch):
    answering(monkeypatch, "10.0.0.7")
    with pytest.raises(AddressRefused, match=r"rebind\.example is at the private address 10\.0\.0\.7"):
        resolve("rebind.example", 80, allow_private=False)


def test_only_public_addresses_of_a_name_are_given(monkeypatch):
    answering(monkeypatch, "10.0.0.7", "8.8.8.8", "8.8.8.8", "127.0.0.1")
    assert resolve("mixed.example", 80, allow_private=False) == ["8.8.8.8"]
    assert resolve("mixed.example", 80, allow_private=True) == ["10.0.0.7", "8.8.8.8", "127.0.0.1"]


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".example", "bad..name", ""])
def test_an_unknown_name_is_a_failed_fetch(host):
    with pytest.raises(FetchFailed, match=r"the host name is not known|name servers"):
        resolve(host, 80, allow_private=True)


NORMAL = {
    "http://EXAMPLE.org": "http://example.org/",
    "  https://example.org/a\n": "https://example.org/a",
    "https://user:secret@example.org:443/a#b": "https://example.org/a",
    "http://example.org:8080?x": "http://example.org:8080/?x",
    "http://example.org/a/../b/./c/%2E%2e/": "http://example.org/b/",
    'http://example.org/?q=it\'s a "b"': "http://example.org/?q=it%27s%20a%20%22b%22",
    "http://новини.укр/стаття?ї=є": "http://xn--b1amarcd.xn--j1amh/%D1%81%D1%82%D0%B0%D1%82%D1%82%D1%8F?%D1%97=%D1%94",
    "http://faß.de/": "http://xn--fa-hia.de/",
    "http://0x7f.1/": "http://127.0.0.1/",
    "http://%31%32%37.1/": "http://127.0.0.1/",
    "http://[::FFFF:127.0.0.1]:80/x": "http://[::ffff:7f00:1]/x",
    "http://under_score.example/": "http://under_score.example/",
    "http://good.example\\@bad.example/": "http://good.example/@bad.example/",
    "http://example.org/100%/%zz?%": "http://example.org/100%/%zz?%",
}


@pytest.mark.parametrize(("url", "normal"), NORMAL.items())
def test_web_addresses_have_one_normal_form(url, normal):
    assert check_url(url) == normal
    assert check_url(normal) == normal


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///path",
        "http://example.org:0/",
        "http://example.org:65536/",
        "http://example.org:8o/",
        "http://a b.example/",
        "http://exa\x00mple.org/",
        "http://example.org/\r\nHost: other",
        "http://example.org/\udc80",
        "http://a..b/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://09.1.1.1/",
        "http://[::1%25eth0]/",
        "http://[::1",
        "http://[v1.x]/",
        "http://" + "a" * 64 + ".example/",
        "http://example.org/" + "a" * MAX_URL,
        "http://example.org/" + "ї" * (MAX_URL // 2),
    ],
)
def test_what_is_no_web_address_is_named_so(url):
    with pytest.raises(InvalidURL) as refusal:
        check_url(url)
    assert refusal.value.exit_code == 2
    assert len(str(refusal.value)) < 400


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_is_taken_is_plain_ascii_and_stays_as_it_is(host, rest):
    try:
        normal = check_url(f"http://{host}/{rest}")
    except InvalidURL:
        return
    assert normal.isascii()
    assert normal.isprintable()
    assert "#" not in normal
    assert " " not in normal
    assert check_url(normal) == normal


def test_networks_may_be_allowed_by_name(monkeypatch):
    allowed = networks(["10.1.0.0/16", "::1", "192.168.1.7"])
    for good in ("10.1.2.3", "::ffff:10.1.2.3", "::1", "192.168.1.7"):
        check_address("news.example", good, False, allowed)
    for bad in ("10.2.0.1", "127.0.0.1", "192.168.1.8", "::ffff:10.2.0.1", "junk"):
        with pytest.raises(AddressRefused, match=r"captures do not reach") as refusal:
            check_address("news.example", bad, False, allowed)
        assert f"--allow-address {bad}" in refusal.value.hint
    answering(monkeypatch, "10.2.0.1", "10.1.0.9")
    assert resolve("mixed.example", 80, allow_private=False, allowed=allowed) == ["10.1.0.9"]


def test_where_clouds_keep_secrets_is_allowed_by_its_own_address_alone():
    with pytest.raises(AddressRefused):
        check_address("x", "169.254.169.254", False, networks(["169.254.0.0/16", "0.0.0.0/0"]))
    check_address("x", "169.254.169.254", False, networks(["169.254.169.254"]))


@pytest.mark.parametrize("text", ["", "10.0.0.0/33", "example.org", "10.0.0.1-10.0.0.9"])
def test_what_is_no_network_is_wrong_usage(text):
    with pytest.raises(UsageError):
        networks([text])


@given(st.ip_addresses(), st.ip_addresses())
def test_an_allowed_address_opens_no_other(one, other):
    if kind_of(str(other)) and other not in (one, getattr(one, "ipv4_mapped", None)):
        mapped = getattr(other, "ipv4_mapped", None)
        if mapped != one:
            with pytest.raises(AddressRefused):
                check_address("x", str(other), False, networks([str(one)]))
