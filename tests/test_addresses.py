"""One spelling for each address, whatever strangers write, and identifiers that follow from it alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.addresses import address_id, canonical, host_of, masked, same_site

PIECES = (
    *"abcz09.-:/@?&=#%;[]+ \t\n\\'\"~!$()*,_{}",
    *("ß", "Ж", "İ", "。", "／", "\ud800", "\ue000"),
    *("%2f", "%zz", "%CF", "utm_source=x", ";jsessionid=1", "sid=a", "www.", "..", "//", "xn--"),
)
tails = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
hosts = st.sampled_from(["a.example", "www.a.example", "[::1]", "A.EXAMPLE:80", "u:p@a.example:443", "münchen.example"])
addresses = st.one_of(
    st.text(max_size=40),
    tails,
    st.builds("{}{}{}".format, st.sampled_from(["http://", "HTTPS://", "//", "http:"]), hosts | tails, tails),
)


@given(addresses, st.just("") | st.just("https://a.example/x/y") | addresses)
def test_a_canonical_address_is_plain_and_stays_as_it_is(url: str, base: str) -> None:
    found = canonical(url, base)
    assert canonical(found) == found
    assert found.isascii()
    assert not found or found.startswith(("http://", "https://"))
    assert not set(found) & set(' \t\n"<>\\^`{}|#')


@given(tails)
def test_one_page_has_one_identifier_with_and_without_www_over_both_schemes(tail: str) -> None:
    starts = ("http://", "https://", "http://www.", "https://WWW.")
    plain, *others = [canonical(f"{start}a.example/{tail}") for start in starts]
    assert {(bool(other), address_id(other)) for other in others} == {(bool(plain), address_id(plain))}
    assert not plain or address_id(plain + "#entry-1") != address_id(plain)


@given(addresses, addresses)
def test_nothing_that_strangers_write_raises(one: str, other: str) -> None:
    assert same_site(one, other) == same_site(other, one)
    assert isinstance(host_of(one), str)
    assert isinstance(masked(one), str)


@pytest.mark.parametrize(
    ("url", "is_"),
    [
        ("HTTP://User:pw@WWW.Example.ORG.:80/a?utm_source=x&b=2&a=1#top", "http://www.example.org/a?a=1&b=2"),
        ("https://example.org:8443/ä?q=ж", "https://example.org:8443/%C3%A4?q=%D0%B6"),
        ("http://münchen.example/", "http://xn--mnchen-3ya.example/"),
        ("http://a.example/old.php?q=%CF%F0%E8&fbclid=1", "http://a.example/old.php?q=%CF%F0%E8"),
        ("http://a.example/modules.php?name=News&sid=712", "http://a.example/modules.php?name=News&sid=712"),
        ("http://a.example/forum?sid=8f14e45fceea167a", "http://a.example/forum"),
        ("http://a.example/x;jsessionid=0A1B?n=1", "http://a.example/x?n=1"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"),
    ],
)
def test_spelling(url: str, is_: str) -> None:
    assert canonical(url) == is_


@pytest.mark.parametrize(
    "url",
    [
        "", "/path", "ftp://a.example/", "javascript:alert(1)", "http://", "http://a..example/", "http://[::1/", "http://[fe80::1%eth0]/",
        "http://a.example:99999/", "http://two words.example/", 'http://a.example"onclick/', "http://a.example/\ud800",
    ],
)  # fmt: skip
def test_what_is_no_address_has_no_spelling(url: str) -> None:
    assert canonical(url) == ""


def test_a_relative_address_stands_on_its_base() -> None:
    assert canonical("../b?x=1", "https://a.example/one/two/three") == "https://a.example/one/b?x=1"


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=16, max_size=40))
def test_no_secret_of_a_channel_is_printed(secret: str) -> None:
    # A token has a capital or a digit; sixteen small letters alone are no word either.
    for address in (
        f"https://hooks.example/services/{secret}",
        f"https://hooks.example/in?token={secret}&{secret}",
        f"https://user:{secret}@hooks.example/#key={secret}",
        f"telegram:{secret}",
        secret,
    ):
        assert secret not in masked(address)


def test_what_is_no_web_address_still_has_an_identity_of_its_own() -> None:
    """Lines of an import may have an id in place of an address."""
    assert address_id("wire-1") != address_id("wire-2")
