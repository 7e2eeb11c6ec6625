"""Plants one violation of each rule and sees that tests/tidy.py finds it, and only it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import tidy  # noqa: E402
import tidy_cpp  # noqa: E402

HEADER = "// What it is.\n#pragma once\n\nnamespace mooring {\n\nint one();\n\n}\n"
SOURCE = '#include "mooring/{floor}/x.h"\n\nnamespace mooring {{\n\nint one() {{ return 1; }}\n}}\n'


def source(floor):
    return SOURCE.format(floor=floor)


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def house(tmp_path):
    """A small tree which breaks no rule; call it with the files of a violation."""
    files = {"meson.build": "project('x')\n", "README.md": "x\n"}
    for floor in tidy.BELOW:
        files[f"include/mooring/{floor}/x.h"] = HEADER
        files[f"src/{floor}/x.cc"] = source(floor)
        files[f"src/{floor}/meson.build"] = "sources = files('x.cc', 'y.cc')\n"
    write(tmp_path, files)

    def build(violation):
        write(tmp_path, violation)
        tree = tidy.Tree(tmp_path)
        return {check.__name__: list(check(tree)) for check in tidy.CHECKS if list(check(tree))}

    return build


def test_a_clean_tree_passes_every_check(house):
    assert house({}) == {}


def include_at_http(header):
    return {"src/http/y.cc": f'#include "mooring/http/x.h"\n#include {header}\n'}


LONG_FUNCTION = source("http") + "void long_one() {\n" + "  one();\n" * 69 + "}\n"
PLANTED = [
    ("check_floors", include_at_http('"mooring/core/x.h"')),
    ("check_floors", include_at_http('"mooring/blob/x.h"')),
    ("check_floors", include_at_http('"mooring/http/absent.h"')),
    ("check_floors", include_at_http('"../auth/x.h"')),
    ("check_floors", {"include/mooring/base/x.h": '#include "mooring/uring/x.h"\n' + HEADER}),
    ("check_floors", {"tests/unit/auth/x_test.cc": '#include "mooring/http/x.h"\n',
                      "tests/unit/auth/meson.build": "s = files('x_test.cc')\n"}),
    ("check_third_party", include_at_http("<liburing.h>")),
    ("check_third_party", include_at_http("<rocksdb/db.h>")),
    ("check_third_party", include_at_http("<vips/vips.h>")),
    ("check_third_party", include_at_http("<openssl/evp.h>")),
    ("check_third_party", include_at_http("<simdjson.h>")),
    ("check_third_party", include_at_http("<xxhash.h>")),
    ("check_third_party", include_at_http("<rapidjson/writer.h>")),
    ("check_third_party", include_at_http("<toml++/toml.h>")),
    ("check_third_party", include_at_http("<gtest/gtest.h>")),
    ("check_third_party", {"src/base/y.cc": '#include "mooring/base/x.h"\n#include <llhttp.h>\n'}),
    ("check_file_length", {"src/http/x.cc": source("http") + "// line\n" * 500}),
    ("check_function_length", {"src/http/x.cc": LONG_FUNCTION}),
    ("check_function_length", {"tests/long.py": "def long():\n" + "    pass\n" * 70}),
    ("check_pragma_once", {"include/mooring/http/x.h": HEADER.replace("#pragma once\n", "")}),
    ("check_pragma_once", {"include/mooring/http/x.h": HEADER + "#ifndef X_H\n#endif\n"}),
    ("check_namespace", {"src/http/x.cc": source("http").replace("mooring {", "other {")}),
    ("check_namespace", {"src/http/x.cc": source("http") + "namespace mooring::inner {\n}\n"}),
    ("check_namespace", {"include/mooring/http/x.h": HEADER + "using namespace std;\n"}),
    ("check_machine_paths", {"src/http/x.cc": source("http") + "// see /ho" "me/me/notes\n"}),
    ("check_marks", {"src/http/x.cc": source("http") + "// TO" "DO: more\n"}),
    ("check_layout", {"src/http/x.cc": source("http") + "\tint x;\n"}),
    ("check_layout", {"src/http/x.cc": source("http") + "int x; \n"}),
    ("check_layout", {"src/http/x.cc": source("http") + "// " + "x" * 98 + "\n"}),
    ("check_layout", {"src/http/x.cc": source("http") + "int x;"}),
    ("check_pairs", {"src/http/y.cc": "#include <string>\n"}),
    ("check_pairs", {"include/mooring/x.h": HEADER}),
    ("check_listed", {"src/http/z.cc": source("http")}),
    ("check_map", {"src/README.md": "nothing\n"}),
]


@pytest.mark.parametrize("name, violation", PLANTED,
                         ids=[f"{name}-{i}" for i, (name, _) in enumerate(PLANTED)])
def test_a_planted_violation_is_found_by_its_check_alone(house, name, violation):
    assert set(house(violation)) == {name}


def test_every_check_has_a_planted_violation():
    assert {check.__name__ for check in tidy.CHECKS} == {name for name, _ in PLANTED}


def test_third_party_headers_are_welcome_in_their_place(house):
    assert house({
        "src/uring/y.cc": '#include "mooring/uring/x.h"\n#include <liburing.h>\n',
        "src/app/y.cc": '#include "mooring/app/x.h"\n#include <CLI/CLI.hpp>\n',
        "tests/unit/catalog/meson.build": "s = files('x_test.cc')\n",
        "tests/unit/catalog/x_test.cc": '#include "mooring/base/x.h"\n#include <rocksdb/db.h>\n',
    }) == {}


def test_the_map_is_content_when_it_names_every_file(house):
    lines = [f"{floor}/x says x" for floor in tidy.BELOW]
    assert house({"src/README.md": "\n".join(lines) + "\n"}) == {}
    lines.pop()
    assert set(house({"src/README.md": "\n".join(lines) + "\n"})) == {"check_map"}


def test_functions_are_measured_from_head_to_closing_brace():
    code = """
namespace mooring {
struct Pair { int a; int b{0}; };
constexpr int kTable[] = {1, 2, 3};
enum class Color { kRed };
class Box final : public Base {
 public:
  Box(int size) : size_{size}, name_("{") {
    fill('}');
  }
  int size() const noexcept { return size_; }
 private:
  int size_ = 1'000;
};
template <typename T>
auto pick(T left, T right) -> T {
  auto less = [](T a, T b) { return a < b; };
  if (less(left, right)) {
    return left;  // }
  }
  return right;
}
TEST(Box, IsABox) {
#define OPEN {
  EXPECT_EQ(R"(})", "}");
}
bool operator==(const Box& a, const Box& b) { return true; }
}
"""
    measured = [(name, last - first + 1) for name, first, last in tidy_cpp.functions(code)]
    assert ("size", 1) in measured
    assert ("pick", 8) in measured
    assert ("TEST", 4) in measured
    assert any(name.startswith("Box") for name, _ in measured) or ("name_", 3) in measured
    assert len(measured) >= 5
