"""The data set of the document benchmarks: one organization, a tree of assets five deep, documents
at its leaves. Deterministic: the same number of documents is the same data, on every machine.

    dataset.py DOCUMENTS > lines.ndjson        for `mooring import`
"""

import datetime
import itertools
import json
import random
import sys
import uuid

ASSETS = 10_000
FIXED_LEAVES = 80  # hold FIXED_DOCUMENTS each, however many there are in all
FIXED_DOCUMENTS = 100
WIDTHS = (1, 10, 100, 1_000)  # of the levels above the leaves
TYPES = ("application/pdf", "image/png", "text/plain", "application/msword", "model/step",
         "application/vnd.ms-excel")
LANGUAGES = ("de", "en", "fr", "it", "es", "nl", "pl", "cs", "sv", "tr")
CATEGORIES = tuple(f"K{number:02}" for number in range(60))
SUPPLIERS = tuple(f"Supplier {number:03}" for number in range(200))
ASSET_TYPES = ("location", "production-line", "process-cell", "machine", "component")
FIRST_MS = 1_704_067_200_000  # 2024-01-01
SPAN_MS = 500 * 86_400_000
CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiou"


def make_words(rng, count=3_000):
    """Words as names have them: two to four syllables, each once; the first are the common ones."""
    words = {}
    while len(words) < count:
        word = "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS)
                       for _ in range(rng.randint(2, 4)))
        words[word + rng.choice(("", "n", "r", "st"))] = None
    return list(words)


def new_id(rng):
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


class Dataset:
    def __init__(self, documents, seed=5):
        self.count = documents
        self.rng = random.Random(seed)
        self.words = make_words(self.rng)
        weights = [1 / (rank + 3) for rank in range(len(self.words))]  # as words are: a few, often
        self.cumulative = list(itertools.accumulate(weights))
        self._make_assets()

    def _make_assets(self):
        self.assets = []  # (id, parent or None, level)
        levels = []
        for level, width in enumerate((*WIDTHS, ASSETS - sum(WIDTHS))):
            above = levels[-1] if levels else [None]
            row = []
            for number in range(width):
                asset = new_id(self.rng)
                row.append(asset)
                self.assets.append((asset, above[number % len(above)], level))
            levels.append(row)
        self.root, self.lines = levels[0][0], levels[1]
        self.leaves, self.fixed = levels[-1][:-FIXED_LEAVES], levels[-1][-FIXED_LEAVES:]

    def _leaf_of(self, number):
        """Of the document of that number: those of the fixed leaves lie among all others."""
        every = max(2, self.count // (FIXED_LEAVES * FIXED_DOCUMENTS))
        turn = number // every
        if number % every == 0 and turn < FIXED_LEAVES * FIXED_DOCUMENTS:
            return self.fixed[turn % FIXED_LEAVES]
        return self.leaves[number % len(self.leaves)]

    def documents(self):
        """Dictionaries of plain values, in the order of their creation."""
        rng = self.rng
        choices, randrange, choice = rng.choices, rng.randrange, rng.choice
        for number in range(self.count):
            words = choices(self.words, cum_weights=self.cumulative, k=3)
            code = f"{chr(65 + randrange(26))}{chr(65 + randrange(26))}-{randrange(100_000):05}"
            kinds = randrange(10)
            languages = [] if kinds == 0 else [choice(LANGUAGES)]
            if kinds > 7:
                languages = sorted({*languages, choice(LANGUAGES)})
            is_supplier = randrange(3) == 0
            yield {"id": new_id(rng), "displayname": f"{words[0].capitalize()} {words[1]} "
                                                     f"{words[2]} {code}",
                   "mimetype": choice(TYPES), "categoryId": choice(CATEGORIES),
                   "languageCodes": languages, "supplierDocument": is_supplier,
                   "supplierName": choice(SUPPLIERS) if is_supplier else None,
                   "updated_ms": FIRST_MS + randrange(SPAN_MS),
                   "asset": self._leaf_of(number)}


def iso8601(milliseconds):
    at = datetime.datetime.fromtimestamp(milliseconds // 1000, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + f".{milliseconds % 1000:03}Z"


def head_lines(dataset):
    """The lines before the documents: categories and assets."""
    for category in CATEGORIES:
        yield json.dumps({"category": {"id": category, "translations": [
            {"languageCode": "en", "name": f"Category {category}"}]}})
    for asset, parent, level in dataset.assets:
        yield json.dumps({"asset": {"id": asset, "parentId": parent, "name": f"Asset {level}",
                                    "assetType": ASSET_TYPES[level]}})


def document_line(document):
    body = {key: document[key] for key in ("id", "displayname", "mimetype", "categoryId",
                                           "languageCodes", "supplierDocument", "supplierName")}
    body["updatedAt"] = body["createdAt"] = iso8601(document["updated_ms"])
    body["assetIds"] = [document["asset"]]
    return json.dumps({"document": body})


def main():
    dataset = Dataset(int(sys.argv[1]))
    for line in head_lines(dataset):
        print(line)
    for document in dataset.documents():
        print(document_line(document))


if __name__ == "__main__":
    main()
