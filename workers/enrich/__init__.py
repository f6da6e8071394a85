"""What a text is about: its language, the listed names in it, and the topics it meets."""

import msgspec

from tocsin.lists import Lists
from tocsin.query.document import Document
from tocsin.query.expand import Expander
from tocsin.records import Article
from tocsin.words import Analysed, Words
from workers.enrich.gazetteer import Gazetteer
from workers.enrich.language import language
from workers.enrich.topics import topic_matcher

__all__ = ["Enricher", "language"]


class Enricher:
    """The enrichment step, opened once with the lists it applies."""

    def __init__(self, words: Words, expander: Expander, lists: Lists) -> None:
        self.words = words
        self._gazetteer = Gazetteer(words, lists)
        self._topics = topic_matcher(lists, expander)

    def analyse(self, article: Article) -> Analysed:
        """The words of an article that is enriched already."""
        return self.words.analyse(article.title, article.text, article.lang)

    def enrich(self, article: Article) -> tuple[Article, Analysed]:
        """The article with its language, names and topics, and its analysis in that language."""
        lang = language(article.title, article.text, article.lang)
        analysed = self.words.analyse(article.title, article.text, lang)
        named = self._gazetteer.find(article.title, article.text, analysed, lang)
        with_names = msgspec.structs.replace(
            article, lang=lang, places=named.places, people=named.people, organisations=named.organisations
        )
        topics = tuple(sorted(self._topics.match(Document.of(with_names, analysed, article.first_seen))))
        return msgspec.structs.replace(with_names, topics=topics), analysed
