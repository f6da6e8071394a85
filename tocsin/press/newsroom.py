"""One outlet of the press at work: which bytes stand at which of its addresses at a given moment."""

import gzip
import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from jinja2 import Environment, FileSystemLoader

from tocsin.press.cast import BOILERPLATE, LABELS, MONTHS, SECTIONS, TEASERS, WEEKDAYS, Site
from tocsin.press.schedule import Item
from tocsin.records import Outlet

FEED_LENGTH = 40
FRONT_LENGTH = 30
BEHIND_ROBOTS = "robots.txt"
_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001000500010d0a2db40000000049454e44ae426082"
)
_PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
_NOTHING = "<!DOCTYPE html><html><head><title>404</title></head><body><h1>404</h1><p>No such page.</p></body></html>"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to GET before it is put on the wire."""

    status: int = 200
    content_type: str
    body: bytes
    last_modified: datetime | None = None

    @property
    def etag(self) -> str:
        """Strong entity tag (RFC 9110, 8.8.3) of the body."""
        return '"' + hashlib.blake2b(self.body, digest_size=10).hexdigest() + '"'


@cache
def _templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    return Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, keep_trailing_newline=True)


class Newsroom:
    """Renders an outlet from its plan; holds no state of its own but the plan."""

    def __init__(self, site: Site, base: str, items: Iterable[Item]) -> None:
        """``base`` is the outlet's address without a closing slash; ``items`` stand in order of publication."""
        self.site = site
        self.base = base
        self._zone = ZoneInfo(site.timezone)
        self._items = tuple(items)
        self._by_path = {item.path: item for item in self._items}
        self._labels = LABELS[site.lang]

    def outlet(self) -> Outlet:
        """The outlet as a reader would enter it."""
        site, base = self.site, self.base
        declared = site.declared
        return Outlet(
            name=site.name, home=f"{base}/", title=site.title, country=site.country, lang=site.lang,
            timezone=site.timezone, pace=0.2, every=2.0, verified=True, active=True,
            feeds=(base + site.feed_path,) if declared and site.feed else (),
            sitemaps=(base + self._sitemap_entry(),) if declared and site.sitemap else (),
            sections=tuple(f"{base}/{name}/" for name in SECTIONS) if declared else (),
        )  # fmt: skip

    def items(self, now: datetime) -> list[Item]:
        """What is out at ``now``, oldest first."""
        return [item for item in self._items if item.published <= now]

    def url(self, item: Item) -> str:
        """The absolute address of a page."""
        return self.base + item.path

    def answer(self, target: str, now: datetime) -> Reply:
        """The answer to ``target`` (path and query) at ``now``."""
        site = self.site
        if target == "/robots.txt":
            return self._robots()
        if target.startswith("/img/") and target.endswith(".png"):
            return Reply(content_type="image/png", body=_PIXEL)
        if site.feed and target == site.feed_path:
            return self._listing(f"{site.feed}.xml", now, FEED_LENGTH)
        if site.sitemap and target in (self._sitemap_entry(), self._sitemap_news()):
            return self._sitemap(target, now)
        if target in ("/", *(f"/{name}/" for name in SECTIONS)):
            return self._front(target.strip("/"), now)
        item = self._by_path.get(target)
        if item is None or item.published > now or item.dropped == "not found":
            return Reply(status=404, content_type="text/html; charset=utf-8", body=_NOTHING.encode())
        return self._page(item, now)

    def _sitemap_entry(self) -> str:
        return "/news-sitemap.xml" if self.site.sitemap == "plain" else "/sitemap.xml"

    def _sitemap_news(self) -> str:
        return "/news-sitemap.xml.gz" if self.site.sitemap == "gz" else "/news-sitemap.xml"

    def _robots(self) -> Reply:
        lines = ["User-agent: *", "Disallow: /desk/", "Allow: /"]
        if self.site.sitemap:
            lines += ["", f"Sitemap: {self.base}{self._sitemap_entry()}"]
        return Reply(content_type="text/plain; charset=utf-8", body=("\n".join(lines) + "\n").encode())

    def _listed(self, now: datetime, length: int | None = None) -> list[Item]:
        """Newest first, without what only the front links to."""
        return [item for item in reversed(self.items(now)) if item.dropped != BEHIND_ROBOTS][:length]

    def _listing(self, template: str, now: datetime, length: int | None) -> Reply:
        items = [self._facts(item, now) for item in self._listed(now, length)]
        newest = max(item["updated"] for item in items)
        # A feed without dates must not give its newest one away in a header.
        modified = newest if self.site.feed_dates or template.endswith("map.xml") else None
        return self._rendered(template, "application/xml", modified, now, items=items, newest=newest)

    def _sitemap(self, target: str, now: datetime) -> Reply:
        if target == self._sitemap_entry() and self.site.sitemap != "plain":
            newest = max(item.updated(now) for item in self._listed(now)).astimezone(self._zone)
            more = {"newest": newest, "news_sitemap": self._sitemap_news()}
            return self._rendered("index.xml", "application/xml", newest, now, **more)
        reply = self._listing("sitemap.xml", now, None)
        if not target.endswith(".gz"):
            return reply
        return msgspec.structs.replace(reply, content_type="application/gzip", body=gzip.compress(reply.body, mtime=0))

    def _front(self, section: str, now: datetime) -> Reply:
        listed = self._listed(now)
        shown = [item for item in listed if item.section == section] if section else listed[:FRONT_LENGTH]
        hidden = [item for item in self.items(now) if item.dropped] if not section else []
        heading = f"{self._labels[section]} — {self.site.title}" if section else self.site.title
        return self._rendered(
            "front.html", "text/html", None, now,
            heading=heading, items=[self._facts(item, now) for item in shown],
            extras=[self._facts(item, now) for item in hidden], dated=self.site.layout in ("modern", "plain"),
        )  # fmt: skip

    def _page(self, item: Item, now: datetime) -> Reply:
        if item.dropped == "not html":
            return Reply(content_type="application/pdf", body=_PAPER, last_modified=item.published)
        template = {"live": "live.html", "gallery": "gallery.html", "other": "wall.html"}.get(item.kind)
        before = [other for other in self._listed(item.published) if other is not item]
        facts = self._facts(item, now)
        around = BOILERPLATE.get(item.site) if item.wire else None
        conscription = [other for other in before if other.text.topic == "conscription"]
        more = {
            "related": [self._facts(other, item.published) for other in before[:5]],
            "popular": [self._facts(other, item.published) for other in before[5:9]],
            "teaser": {
                "title": TEASERS[item.id % len(TEASERS)],
                "url": self.url(conscription[0]) if conscription else self.base,
            },
            "teaser_after": (len(facts["paragraphs"]) + 1) // 2,
            "photo": around.photo if around else "",
            "footer": around.footer if around else f"© {self.site.title}",
            "ld": self._linked_data(item, facts, now),
            "entries": self._entries(item, now),
        }
        # The seed layout shows no date but the day of rendering: a header must not tell either.
        modified = None if self.site.layout == "seed" else item.updated(now)
        return self._rendered(template or f"{self.site.layout}.html", "text/html", modified, now, **facts | more)

    def _rendered(self, template: str, media: str, modified: datetime | None, now: datetime, **facts: Any) -> Reply:
        local = now.astimezone(self._zone)
        text = _templates().get_template(template).render(
            site=self.site, base=self.base, labels=self._labels, sections=tuple(SECTIONS),
            today=f"{WEEKDAYS[local.weekday()]}, {MONTHS['en'][local.month - 1]} {local.day}, {local.year}", **facts,
        )  # fmt: skip
        xml = template.endswith(".xml")
        charset = self.site.charset if template in ("table.html", "front.html", "rss.xml") else "utf-8"
        # The old table layout says its charset in the page only.
        told = "" if charset != "utf-8" and not xml else f"; charset={charset}"
        return Reply(content_type=media + told, body=text.encode(charset, "xmlcharrefreplace"), last_modified=modified)

    def _facts(self, item: Item, now: datetime) -> dict[str, Any]:
        """What the templates may say of a page; times in the outlet's own zone."""
        published, updated = item.published.astimezone(self._zone), item.updated(now).astimezone(self._zone)
        paragraphs = item.paragraphs(now)
        return {
            "id": item.id, "url": self.url(item), "title": item.title(), "section": item.section,
            "paragraphs": paragraphs, "summary": paragraphs[0] if paragraphs else item.title(),
            "author": self._labels["newsroom"].format(self.site.title), "published": published, "updated": updated,
            "published_utc": f"{item.published:%Y-%m-%dT%H:%M:%SZ}",
            "updated_utc": f"{updated.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "shown_date": self._shown(published), "shown_update": self._shown(updated),
            "numeric_date": f"{published:%d.%m.%Y %H:%M}", "rfc822": format_datetime(published),
        }  # fmt: skip

    def _shown(self, at: datetime) -> str:
        """A local date and time as the outlet's readers write it, without a zone."""
        month = MONTHS[self.site.lang][at.month - 1]
        return f"{at.day} {month} {at.year}, {at:%H:%M}"

    def _entries(self, item: Item, now: datetime) -> list[dict[str, Any]]:
        told = []
        for number, (at, heading, text) in enumerate(item.entries, 1):
            local = at.astimezone(self._zone)
            if at <= now:
                told.append({"anchor": anchor(number), "title": heading, "text": text, "published": local,
                             "shown_date": self._shown(local)})  # fmt: skip
        return told[::-1]

    def _linked_data(self, item: Item, facts: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """schema.org facts as the modern layouts carry them."""
        found: dict[str, Any] = {
            "@context": "https://schema.org", "@type": "NewsArticle", "headline": item.title(),
            "url": facts["url"], "mainEntityOfPage": facts["url"], "inLanguage": self.site.lang,
            "datePublished": facts["published"].isoformat(), "dateModified": facts["updated"].isoformat(),
            "author": [{"@type": "Organization", "name": facts["author"]}],
            "publisher": {"@type": "NewsMediaOrganization", "name": self.site.title},
            "articleSection": self._labels[item.section], "image": [f"{self.base}/img/{item.id}.png"],
        }  # fmt: skip
        if item.kind == "live":
            found["@type"] = "LiveBlogPosting"
            found["coverageStartTime"] = facts["published"].isoformat()
            found["liveBlogUpdate"] = [self._update(entry, facts) for entry in self._entries(item, now)]
        return found

    def _update(self, entry: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "@type": "BlogPosting",
            "headline": entry["title"],
            "articleBody": entry["text"],
            "datePublished": entry["published"].isoformat(),
            "url": f"{facts['url']}#{entry['anchor']}",
        }


def anchor(number: int) -> str:
    """The id of a live blog's entry, counted from 1 in order of publication."""
    return f"entry-{number:03}"
