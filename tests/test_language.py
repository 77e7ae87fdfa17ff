"""The commonest words of each language, which its list begins with."""

from itertools import chain, islice

from wordfreq import available_languages, read_cBpack

from galley.core.prepare.language import COMMON_WORDS, common_words, known_languages


def test_the_commonest_words_are_those_that_the_whole_list_begins_with() -> None:
    assert len(known_languages()) > 10
    for language in known_languages():
        whole = chain.from_iterable(read_cBpack(available_languages("small")[language]))
        assert common_words(language) == frozenset(islice(whole, COMMON_WORDS))
