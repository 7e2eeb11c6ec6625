"""The questions of the document benchmarks: random, by class, the same for every server."""

import dataclasses
import random

from dataset import CATEGORIES, LANGUAGES, SUPPLIERS, TYPES

LIMIT = 10


@dataclasses.dataclass(frozen=True)
class Question:
    asset: str
    search: str = ""
    category: str = ""
    type: str = ""
    language: str = ""
    supplier: str = ""
    sort: str = ""  # "", "name asc", "name desc", "updated asc", "updated desc"
    page: int = 1

    def parameters(self):
        """As the query of GET /v1/documents."""
        given = {"assetId": self.asset, "limit": LIMIT, "page": self.page,
                 "searchByName": self.search, "filterByCategory": self.category,
                 "filterByFileType": self.type, "filterByLanguage": self.language,
                 "filterBySupplier": self.supplier}
        if self.sort:
            name, direction = self.sort.split()
            given["sortByName" if name == "name" else "sortByUpdatedAt"] = direction
        return {name: value for name, value in given.items() if value}


@dataclasses.dataclass(frozen=True)
class HostileQuestion(Question):
    """As many assets and letters as the contract allows, and as many values as fit into a request
    line of 8 KiB, two filters together."""

    assets: tuple = ()
    values: int = 1_000
    long_values: int = 100

    def parameters(self):
        share = self.values // 2
        many = [f"{number:x}" for number in range(share)]
        return {"assetId": ",".join(self.assets), "limit": 50, "page": self.page,
                "searchByName": self.search,
                "filterByCategory": ",".join([*CATEGORIES, *many][:share]),
                "filterBySupplier": ",".join([*SUPPLIERS[:self.long_values], *many][:share]),
                "filterByFileType": ",".join(TYPES), "filterByLanguage": ",".join(LANGUAGES),
                "sortByCategory": "desc", "sortByName": "desc", "sortByUpdatedAt": "asc"}


class Asker:
    """Makes questions about a data set whose documents were seen as they went by."""

    def __init__(self, dataset, codes, seed=11):
        self.dataset, self.codes = dataset, codes
        self.rng = random.Random(seed)

    def _filters(self):
        return {"category": self.rng.choice(CATEGORIES), "type": self.rng.choice(TYPES),
                "language": self.rng.choice(LANGUAGES)}

    def _direction(self):
        return self.rng.choice(("asc", "desc"))

    def machine(self):
        return Question(self.rng.choice(self.dataset.leaves))

    def fixed_scope(self):
        return Question(self.rng.choice(self.dataset.fixed))

    def line(self):
        return Question(self.rng.choice(self.dataset.lines), **self._filters(),
                        sort=f"name {self._direction()}")

    def root_first_page(self):
        return Question(self.dataset.root)

    def root_page_10000(self):
        return Question(self.dataset.root, page=min(10_000, self.dataset.count // LIMIT))

    def search_rare(self):
        code = self.rng.choice(self.codes)
        return Question(self.dataset.root, search=code[self.rng.randrange(3):],
                        sort=f"name {self._direction()}")

    def search_common(self):
        return Question(self.dataset.root, search=self.rng.choice(self.dataset.words[:20]),
                        sort=f"name {self._direction()}")

    def search_three_letters(self):
        word = self.rng.choice([word for word in self.dataset.words[:500] if len(word) > 3])
        at = self.rng.randrange(len(word) - 2)
        return Question(self.dataset.root, search=word[at:at + 3],
                        sort=f"name {self._direction()}")

    def hostile(self):
        assets = [self.dataset.root, *self.dataset.lines]
        assets += self.rng.sample(self.dataset.leaves, 50 - len(assets))
        search = "".join(self.dataset.words[:80])[:255]
        if self.rng.randrange(2):  # a search that matches much, or one that is long
            search = self.dataset.words[0]
        return HostileQuestion("", search, assets=tuple(assets), page=self.rng.randrange(1, 100))

    def everything(self):
        return Question(self.dataset.root, search=self.rng.choice(self.dataset.words[:100]),
                        supplier=self.rng.choice(SUPPLIERS), **self._filters(),
                        sort=f"updated {self._direction()}")


# name of the class, the Asker's method, target of the p99 in milliseconds
CLASSES = (
    ("a scope of 100 documents of any number, newest first", "fixed_scope", 1),
    ("one machine, newest first", "machine", 1),
    ("one line, three filters, by name", "line", 5),
    ("root, newest first, page 1", "root_first_page", 5),
    ("root, newest first, page 10,000", "root_page_10000", 5),
    ("root, rare search, by name", "search_rare", 10),
    ("root, common search, by name", "search_common", 10),
    ("root, three-letter search, by name", "search_three_letters", 10),
    ("root, search and all filters, by time", "everything", 10),
)
