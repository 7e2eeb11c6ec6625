"""Joins the OpenAPI document from one fragment per family, as the text of a C++ constant.

    join_openapi.py VERSION OUTPUT HEAD FRAGMENT…

HEAD is the document without its paths. A FRAGMENT adds, each part being optional,
  tag         the family; each of its operations carries its name
  paths       as in OpenAPI
  components  as in OpenAPI; no name may be taken twice
  security    of every operation that states none itself
  responses   of every operation, beside its own
  aliases     {"/v1": "/api/asset/v1"}: the paths below the second are below the first as well
"""

import copy
import json
import sys

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

SOURCE = """// Joined from src/api/**/openapi*.json and src/app/openapi.json; not to be edited.
#include "mooring/app/openapi.h"

#pragma clang diagnostic ignored "-Woverlength-strings"

namespace mooring {

constinit const std::string_view kOpenApiDocument = R"openapi(%s)openapi";

}  // namespace mooring
"""


def add(into, more, what):
    for name, value in more.items():
        if name in into:
            sys.exit(f"join_openapi: {what} {name} is there twice")
        into[name] = value


def operations(item):
    return [item[method] for method in METHODS if method in item]


def finish(fragment):
    """The paths of a fragment with all that its operations share, and under all of their names."""
    paths = fragment.get("paths", {})
    for item in paths.values():
        for operation in operations(item):
            operation["tags"] = [fragment["tag"]["name"]]
            operation.setdefault("security", fragment["security"])
            operation["responses"] = {**operation["responses"], **fragment["responses"]}
    for alias, prefix in fragment.get("aliases", {}).items():
        for path in [path for path in paths if (path + "/").startswith(prefix + "/")]:
            twin = copy.deepcopy(paths[path])
            for operation in operations(twin):
                operation["operationId"] += "Alias"
            add(paths, {alias + path[len(prefix):]: twin}, "path")
    return paths


def join(version, head, fragments):
    document = {**head, "tags": [], "paths": {}}
    document["info"]["version"] = version
    for fragment in fragments:
        for kind, named in fragment.get("components", {}).items():
            add(document["components"].setdefault(kind, {}), named, kind)
        if "tag" in fragment:
            document["tags"].append(fragment["tag"])
        add(document["paths"], finish(fragment), "path")
    return document


def main():
    version, output, *names = sys.argv[1:]
    parts = []
    for name in names:
        with open(name, encoding="utf-8") as stream:
            parts.append(json.load(stream))
    document = join(version, parts[0], parts[1:])
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    with open(output, "w", encoding="utf-8") as stream:
        stream.write(SOURCE % text)


if __name__ == "__main__":
    main()
