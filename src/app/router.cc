#include "mooring/app/router.h"

#include <algorithm>

#include "mooring/base/check.h"

namespace mooring {

namespace {

constexpr std::size_t kMethods = 7;

std::vector<std::string_view> split_pattern(std::string_view pattern) {
  std::vector<std::string_view> segments;
  while (!pattern.empty()) {
    MOORING_CHECK(pattern.front() == '/', "a pattern segment starts with a slash");
    pattern.remove_prefix(1);
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    if (end > 0) segments.push_back(pattern.substr(0, end));
    pattern.remove_prefix(end);
  }
  return segments;
}

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

bool is_below(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

struct Router::Node {
  struct Entry {
    const Route* route = nullptr;
    const ResourceFamily* family = nullptr;
  };
  std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> literals;
  std::unique_ptr<Node> parameter;
  std::array<Entry, kMethods> entries{};

  Node& child(std::string_view segment) {
    if (is_parameter(segment)) {
      if (!parameter) parameter = std::make_unique<Node>();
      return *parameter;
    }
    for (auto& [name, node] : literals)
      if (name == segment) return *node;
    return *literals.emplace_back(segment, std::make_unique<Node>()).second;
  }
  [[nodiscard]] bool has_routes() const {
    return std::ranges::any_of(entries, [](const Entry& entry) { return entry.route != nullptr; });
  }
  [[nodiscard]] const Entry& entry(Method method) const {
    return entries[static_cast<std::size_t>(method)];
  }
  [[nodiscard]] std::string allow() const {
    std::string text;
    for (const Method method : {Method::get, Method::head, Method::post, Method::put, Method::patch,
                                Method::del, Method::options}) {
      const Method stored = method == Method::head ? Method::get : method;
      if (method != Method::options && entry(stored).route == nullptr) continue;
      if (!text.empty()) text += ", ";
      text += name_of(method);
    }
    return text;
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;

void Router::add(const ResourceFamily& family) {
  for (const Route& route : family.routes) {
    Node* node = root_.get();
    for (const std::string_view segment : split_pattern(route.pattern))
      node = &node->child(segment);
    Node::Entry& entry = node->entries[static_cast<std::size_t>(route.method)];
    MOORING_CHECK(entry.route == nullptr, "two routes for one method and pattern");
    entry = {&route, &family};
    routes_.push_back(&route);
  }
  families_.push_back(&family);
  if (std::ranges::find(envelopes_, &family.envelope) == envelopes_.end())
    envelopes_.push_back(&family.envelope);
}

const Router::Node* Router::descend(const Node& node, const PathSegments& path,
                                    std::size_t depth) const {
  if (depth == path.size()) return node.has_routes() ? &node : nullptr;
  for (const auto& [name, child] : node.literals)
    if (name == path[depth])
      if (const Node* found = descend(*child, path, depth + 1)) return found;
  return node.parameter ? descend(*node.parameter, path, depth + 1) : nullptr;
}

RouteMatch Router::find(Method method, const PathSegments& path) const {
  const Node* node = descend(*root_, path, 0);
  if (node == nullptr) return {};
  const Node::Entry& entry = node->entry(method == Method::head ? Method::get : method);
  if (entry.route != nullptr) return {entry.route, entry.family, {}};
  return {nullptr, nullptr, node->allow()};
}

const Envelope* Router::envelope_of(std::string_view raw_path) const noexcept {
  const Envelope* best = nullptr;
  std::size_t best_bytes = 0;
  for (const Envelope* envelope : envelopes_)
    for (const std::string_view prefix : envelope->prefixes)
      if (prefix.size() >= best_bytes && is_below(raw_path, prefix)) {
        best = envelope;
        best_bytes = prefix.size();
      }
  return best;
}

}  // namespace mooring
