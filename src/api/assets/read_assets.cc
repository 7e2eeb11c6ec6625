#include <string>
#include <utility>
#include <vector>

#include "asset_handlers.h"
#include "mooring/api/assets/asset_json.h"
#include "mooring/catalog/reader.h"

namespace mooring {
namespace {

// What one tree may hold, so that no organization's size decides how much memory a request takes.
// The contract knows no bound [D]; above it the answer is 422, and the assets can still be read one
// by one.
constexpr std::size_t kTreeAssetsMax = 100'000;
constexpr std::size_t kTreeBytesMax = 64_MiB;  // of what varies in a node

std::size_t varying_bytes(const AssetRecord& asset) {
  return asset.name.size() + asset.custom_attributes.size() +
         asset.description.value_or("").size() + asset.address.value_or("").size();
}

/// Depth first with a stack of its own: the depth of a tree is the client's choice, the depth of
/// our stack is not.
Result<std::string> tree_of(const View& view, const std::string& organization) {
  auto waiting = list_roots(view, organization, kTreeAssetsMax + 1);
  if (!waiting) return std::unexpected(waiting.error());
  std::vector<Uuid> next(waiting->rbegin(), waiting->rend());
  AssetTreeWriter tree;
  std::size_t assets = 0;
  std::size_t bytes = 0;
  while (!next.empty()) {
    const auto asset = get_asset(view, next.back());
    if (!asset) return std::unexpected(asset.error());
    next.pop_back();
    assets += 1;
    bytes += varying_bytes(*asset);
    if (assets + next.size() > kTreeAssetsMax || bytes > kTreeBytesMax)
      return fail(Errc::unprocessable, "tree of too many assets");
    tree.add(*asset);
    const auto children = list_children(view, asset->id, kTreeAssetsMax + 1);
    if (!children) return std::unexpected(children.error());
    next.insert(next.end(), children->rbegin(), children->rend());
  }
  return tree.take();
}

/// Whose tree [D]: the caller's own organization, or what ?organizationId= says, which only an
/// admin may let differ from it. 400 if it is empty or stated twice.
Result<std::string> organization_of_tree(const Exchange& exchange) {
  const Identity& caller = caller_of(exchange);
  const auto stated = exchange.query.find("organizationId");
  if (!stated) return caller.organization;
  if (stated->empty() || exchange.query.count("organizationId") > 1)
    return fail(Errc::invalid, "organizationId of a tree");
  if (*stated != caller.organization && !caller.has_role(Role::admin))
    return fail(Errc::forbidden, "tree of another organization");
  return std::string(*stated);
}

}  // namespace

Task<Response> handle_get_asset(Exchange& exchange) {
  Result<AssetRecord> asset = co_await asset_of_path(exchange);
  if (!asset) co_return refuse(asset.error());
  co_return json_response(kAssetReadStatus, asset_body(*asset));
}

// The contract names ?view= and none of its values: any value gives the whole tree, drafts and
// inactive assets included (D10) [D].
Task<Response> handle_get_asset_tree(Exchange& exchange) {
  Result<std::string> organization = organization_of_tree(exchange);
  if (!organization)
    co_return organization.error().code == Errc::invalid ? refuse_field("organizationId")
                                                         : refuse(organization.error());
  // On a worker from the start: a walk, and as much text, is too long for a turn of the loop.
  Result<std::string> tree = co_await exchange.services.reader.read_on_worker(
      [organization = *std::move(organization)](const View& view) {
        return tree_of(view, organization);
      });
  if (!tree) co_return refuse(tree.error());
  co_return json_response(kAssetReadStatus, *std::move(tree));
}

}  // namespace mooring
