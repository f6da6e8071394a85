"""One spelling for each address, whatever strangers write, and identifiers that follow from it alone."""

from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.addresses import (
    address_id,
    article_id,
    canonical,
    host_of,
    looks_like_article,
    main_address,
    masked,
    return_id,
    same_site,
)
from tocsin.records import derived_id

PIECES = (
    *"abcz09.-:/@?&=#%;[]+ \t\n\\'\"~!$()*,_{}",
    *("ß", "Ж", "İ", "。", "／", "\ud800", "\ue000"),
    *("%2f", "%zz", "%CF", "utm_source=x", ";jsessionid=1", "sid=a", "www.", "..", "//", "xn--"),
    *("/amp", "/amp/", "amp.", "m.", "/print", "print=1", "-amp.html", "/(S(a))/", "(X(", "))/", "/100012", "#e-1"),
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


NAMES = st.sampled_from(["id", "p", "article", "page", "lang", "a", "A", "q", "sid"])
VALUES = st.sampled_from(["", "5", "12", "100012", "x y", "ж", "a=b", "%CF", "+", "Z"])
QUERIES = st.lists(st.tuples(NAMES, VALUES, st.booleans()), max_size=5)
TRACKERS = (
    "utm_source=x utm=1 fbclid=IwAR1 gclid=1 yclid=2 ysclid=l3 twclid=3 ttclid=4 msclkid=5 srsltid=6"
    " igshid=7 mc_cid=a _openstat=b _ga=1.2 _gl=1 _hsenc=p __hstc=1 mkt_tok=1 WT.mc_id=RSS wt_mc=x"
    " at_campaign=64 ns_mchannel=rss pk_campaign=x mtm_source=x s_cid=1 guce_referrer=x guccounter=1 ref=rss"
    " PHPSESSID=aa1 sid=8f14e45f"
    " sessionid=f00d ASPSESSIONIDQQ=A CFTOKEN=1 share xtor=RSS-1"
).split()
PATHS = ["/", "/a", "/a/", "/News/Story-One", "/index.php", "/world/100012.html", "/2026/11/16/the-old-bridge-opens"]


def joined(pairs: list[tuple[str, str, bool]]) -> list[str]:
    """Parts of a query; the flag: without an equals sign."""
    return [name if bare else f"{name}={quote(value, safe='%+')}" for name, value, bare in pairs]


@given(st.sampled_from(PATHS), QUERIES, st.lists(st.sampled_from(TRACKERS), max_size=4), st.data())
def test_trackers_and_the_order_of_a_query_never_matter(path, pairs, trackers, data) -> None:
    parts = joined(pairs)
    plain = canonical(f"https://a.example{path}?{'&'.join(parts)}")
    mixed = data.draw(st.permutations([*parts, *trackers]))
    assert canonical(f"https://a.example{path}?{'&'.join(mixed)}#top") == plain


@given(st.sampled_from(PATHS), QUERIES)
def test_the_page_that_is_led_to_stays(path, pairs) -> None:
    """Every parameter that may choose a page stays, as a server reads it; case and closing slash of the path stay."""
    asked = f"https://a.example{path}?{'&'.join(joined(pairs))}"
    found = canonical(asked)
    read = [parse_qsl(urlsplit(url).query, keep_blank_values=True, errors="surrogateescape") for url in (asked, found)]
    kept = [(name, value) for name, value in read[0] if name != "sid" or value.isdigit()]
    assert urlsplit(found).path == path
    assert sorted(read[1]) == sorted(kept)


@given(st.sampled_from(PATHS), QUERIES, st.sampled_from(["m", "mobile", "amp", "www.m", "wap"]))
def test_the_host_for_phones_names_the_same_page(path, pairs, prefix) -> None:
    tail = f"{path}?{'&'.join(joined(pairs))}"
    plain = canonical(f"https://a.example{tail}")
    other = canonical(f"http://{prefix}.a.example{tail}")
    assert other.startswith(f"http://{prefix}.a.example")
    assert address_id(other) == address_id(plain)
    assert address_id(other + "#entry-1") == address_id(plain + "#entry-1")


@pytest.mark.parametrize("host", ["m.example", "amp.example", "mobile.example"])
def test_a_host_of_two_labels_is_the_site_itself(host: str) -> None:
    assert address_id(f"https://{host}/a.b/c") != address_id("https://example/a.b/c")


ARTICLE = "https://a.example/news/the-old-bridge-opens"


@pytest.mark.parametrize(
    "copy",
    [
        "https://a.example/amp/news/the-old-bridge-opens", "https://a.example/news/the-old-bridge-opens/amp",
        "https://a.example/news/the-old-bridge-opens/amp/", "https://amp.a.example/news/the-old-bridge-opens",
        "https://a.example/news/the-old-bridge-opens?amp=1", "https://a.example/news/the-old-bridge-opens?outputType=amp",
        "https://a.example/news/the-old-bridge-opens/print", "https://a.example/news/the-old-bridge-opens?print=yes",
        "https://amp.a.example/amp/news/the-old-bridge-opens?amp",
    ],
)  # fmt: skip
def test_a_copy_for_phones_or_printers_is_known_by_its_page(copy: str) -> None:
    assert canonical(copy) == copy
    assert main_address(copy) == ARTICLE
    assert address_id(copy) == address_id(ARTICLE)


@pytest.mark.parametrize(
    "url", ["https://a.example/topics/amp", "https://a.example/amp/list", "https://a.example/print"]
)
def test_a_page_about_copies_is_a_page_of_its_own(url: str) -> None:
    assert main_address(url) == ""
    assert address_id(url) == derived_id("address", url.removeprefix("https://"))


@given(addresses)
def test_a_main_address_is_an_article_s_and_its_own(url: str) -> None:
    found = main_address(url)
    assert not found or (looks_like_article(found) and main_address(found) == "")


@given(st.sampled_from(PATHS), QUERIES)
def test_stored_identifiers_of_ordinary_addresses_stay(path, pairs) -> None:
    """What a store holds was derived like this, and must be met for ever."""
    named = joined([(name, value, False) for name, value, _ in pairs])
    url = canonical(f"https://www.a.example{path}?{'&'.join(named)}")
    assert address_id(url) == derived_id("address", url.removeprefix("https://www."))
    assert address_id(url + "#e") == derived_id("address", url.removeprefix("https://www.") + "#e")


def test_a_bare_parameter_keeps_the_identifier_that_it_was_stored_under() -> None:
    assert address_id("http://a.example/spip.php?article717&x") == derived_id(
        "address", "a.example/spip.php?article717=&x="
    )


def test_an_address_of_many_marks_costs_little() -> None:
    assert address_id("https://" + "m." * 3000 + "a.example/x") == address_id("https://a.example/x")
    main_address("https://a.example" + "/amp" * 500 + "/the-old-bridge-opens")


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
    assert isinstance(main_address(one), str)
    assert len(address_id(one)) == 32
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
        ("http://a.example/(S(3rqumuydl4))/news/5.aspx", "http://a.example/news/5.aspx"),
        ("http://a.example/news.php?12345", "http://a.example/news.php?12345"),
        ("http://a.example/?p=12&session_id=f00d&article=7", "http://a.example/?article=7&p=12"),
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
        f"telegram://{secret}",
        f"telegram://{secret}@42",
        f"matrix://{secret}@matrix.example/!room:example",
        f"matrix://{secret}",
        f"ntfy://{secret}@ntfy.example/topic",
        f"ntfy://ntfy.example/{secret}",
        f"ntfy://{secret}",
        f"slack+https://hooks.example/services/T1/{secret}",
        f"smtp+starttls://user:{secret}@mail.example:587?from=a@b.example",
        f"apprise+discord://1/{secret}",
        secret,
    ):
        assert secret not in masked(address)


def test_what_is_no_web_address_still_has_an_identity_of_its_own() -> None:
    """Lines of an import may have an id in place of an address."""
    assert address_id("wire-1") != address_id("wire-2")


@pytest.mark.parametrize(
    "same",
    [
        "“Never”, says  the harbour-master",
        "«never», says the harbour‐master",
        ' "Never", says the har\u00adbour-master\u200b',
    ],
)
def test_a_headline_set_in_another_way_makes_no_other_article(same: str) -> None:
    assert article_id("address", "text", same) == article_id("address", "text", '"Never", says the harbour-master')


@pytest.mark.parametrize("other", ["Never, says the harbour-master", '"Never", says the harbour', "", '"Never"?'])
def test_another_headline_makes_another_article(other: str) -> None:
    assert article_id("address", "text", other) != article_id("address", "text", '"Never", says the harbour-master')


def test_identifiers_of_articles_stay_what_they_were() -> None:
    """Stores and exported files hold them: one that changed would make a version of every page."""
    assert article_id("address", "text") == derived_id("article", "address", "text")
    assert article_id("address", "text", "\u00ad ") == derived_id("article", "address", "text")
    told = article_id("a", "t", "Він — «Бахмут»…"), return_id("one", "two")
    assert told == ("d13fc934e94448e58ce3a957b42f76b4", "f29a3f19ad5d6aa9b7bc75c4aa365dde")
