"""Makes a text file a C++ constant.

    embed_text.py INPUT OUTPUT HEADER SYMBOL

HEADER declares `extern const std::string_view SYMBOL;` in namespace mooring.
"""

import sys

SOURCE = """// Made from %s; not to be edited.
#include "%s"

#pragma clang diagnostic ignored "-Woverlength-strings"

namespace mooring {

constinit const std::string_view %s = R"embedded(%s)embedded";

}  // namespace mooring
"""


def main():
    source, output, header, symbol = sys.argv[1:]
    with open(source, encoding="utf-8") as stream:
        text = stream.read()
    with open(output, "w", encoding="utf-8") as stream:
        stream.write(SOURCE % (source.rsplit("/", 1)[-1], header, symbol, text))


if __name__ == "__main__":
    main()
