// Router: from a method and a decoded path to a route.
//
// Built once at start from every family's routes, then const and shared by all cores. A tree of
// segments; a literal wins over a parameter, so "/assets/tree" is not an asset called "tree".
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/api/route.h"
#include "mooring/http/request_head.h"
#include "mooring/http/target.h"

namespace mooring {

struct RouteMatch {
  const Route* route = nullptr;
  const ResourceFamily* family = nullptr;
  /// If the path exists but not for this method: the value of Allow (rule X6), "GET, HEAD, POST".
  std::string allow;
};

class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;

  /// CHECKs that no two routes have one method and one pattern. `family` outlives the router.
  void add(const ResourceFamily& family);

  /// route == nullptr and allow empty: 404. route == nullptr and allow set: 405. HEAD finds the GET
  /// route.
  [[nodiscard]] RouteMatch find(Method method, const PathSegments& path) const;
  /// Every route, in the order of adding: for tests of the whole table.
  [[nodiscard]] const std::vector<const Route*>& routes() const noexcept { return routes_; }

  [[nodiscard]] const std::vector<const ResourceFamily*>& families() const noexcept {
    return families_;
  }

  /// The envelope whose prefix is the longest that `raw_path` is below (rule X1), or null.
  [[nodiscard]] const Envelope* envelope_of(std::string_view raw_path) const noexcept;

 private:
  struct Node;
  [[nodiscard]] const Node* descend(const Node& node, const PathSegments& path,
                                    std::size_t depth) const;

  std::unique_ptr<Node> root_;
  std::vector<const Route*> routes_;
  std::vector<const ResourceFamily*> families_;
  std::vector<const Envelope*> envelopes_;
};

}  // namespace mooring
