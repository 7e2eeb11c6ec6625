#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

#include "document_handlers.h"
#include "mooring/api/documents/document_parameters.h"
#include "mooring/api/documents/language.h"
#include "mooring/api/download.h"
#include "mooring/catalog/document_index.h"
#include "mooring/catalog/reader.h"

namespace mooring {
namespace {

/// A document is for those who may see it only, and may be replaced: a browser keeps it, and asks
/// each time whether its ETag still holds [D].
constexpr std::string_view kContentCacheControl = "private, no-cache";

bool owns(const Identity& caller, const AssetRecord& asset) {
  return caller.has_role(Role::admin) || caller.organization == asset.organization_id;
}

DocumentScope& scope_of(std::vector<DocumentScope>& scopes, const std::string& organization) {
  const auto scope = std::ranges::find(scopes, organization, &DocumentScope::organization);
  if (scope != scopes.end()) return *scope;
  return scopes.emplace_back(DocumentScope{.organization = organization, .roots = {}});
}

/// Rule D7 below a root that the caller's organization has only made: what of its subtree the
/// caller may see, as whole subtrees where all of one is to be seen, else asset by asset.
Status add_visible_part(const View& view, const Identity& caller, const AssetRecord& root,
                        std::size_t& roots_left, DocumentScope& scope) {
  const auto assets = walk_subtree(view, root.id, kSubtreeAssetsMax);
  if (!assets) return std::unexpected(assets.error());
  // Parents come before their children: from the end, every asset is judged after all below it.
  std::set<Uuid> hiding;  // what is not to be seen, or has such below it
  for (const AssetRecord& asset : *assets | std::views::reverse) {
    if (!check_ownership(caller, asset)) hiding.insert(asset.id);
    if (hiding.contains(asset.id) && asset.parent_id) hiding.insert(*asset.parent_id);
  }
  std::set<Uuid> covered;
  for (const AssetRecord& asset : *assets) {
    const bool is_below = asset.parent_id && covered.contains(*asset.parent_id);
    const bool is_whole = !is_below && roots_left > 0 && !hiding.contains(asset.id);
    if (is_below || is_whole) covered.insert(asset.id);
    if (is_whole) {
      --roots_left;
      scope.roots.push_back(asset.id);
    } else if (!is_below && check_ownership(caller, asset)) {
      scope.assets.push_back(asset.id);
    }
  }
  if (scope.assets.size() > kQueryAssetsMax) return fail(Errc::unprocessable, "assets of a query");
  return {};
}

/// Rules D6 and D7: all of the assets exist, then all of them are the caller's.
Result<std::vector<DocumentScope>> scopes_of(const View& view, const Identity& caller,
                                             const std::vector<Uuid>& assets) {
  std::vector<AssetRecord> roots;
  for (const Uuid& id : assets) {
    Result<AssetRecord> asset = get_asset(view, id);
    if (!asset) return std::unexpected(asset.error());
    roots.push_back(*std::move(asset));
  }
  std::vector<DocumentScope> scopes;
  std::size_t roots_left = kQueryRootsMax;
  for (const AssetRecord& root : roots) {
    if (const Status allowed = check_ownership(caller, root); !allowed)
      return std::unexpected(allowed.error());
    if (!owns(caller, root)) continue;
    --roots_left;
    scope_of(scopes, root.organization_id).roots.push_back(root.id);
  }
  for (const AssetRecord& root : roots) {
    if (owns(caller, root)) continue;
    DocumentScope& scope = scope_of(scopes, root.organization_id);
    if (const Status added = add_visible_part(view, caller, root, roots_left, scope); !added)
      return std::unexpected(added.error());
  }
  return scopes;
}

/// The page as the answer shows it. Blocks.
Result<std::string> find_page(const DocumentIndex& index, const View& view, const Identity& caller,
                              DocumentParameters& parameters,
                              const std::vector<std::string>& wanted) {
  Result<std::vector<DocumentScope>> scopes = scopes_of(view, caller, parameters.assets);
  if (!scopes) return std::unexpected(scopes.error());
  parameters.query.scopes = *std::move(scopes);
  Result<DocumentPage> page = index.query(parameters.query);
  if (!page) return std::unexpected(page.error());
  std::vector<ShownDocument> documents;
  for (DocumentRecord& document : page->documents) {
    Result<ShownDocument> shown = show(view, std::move(document));
    if (!shown) return std::unexpected(shown.error());
    documents.push_back(*std::move(shown));
  }
  const PageNumbers numbers{.page = parameters.page,
                            .offset = parameters.query.offset,
                            .limit = parameters.query.limit,
                            .total = page->total};
  return document_page_body(documents, numbers, wanted);
}

Task<Response> serve_document(Exchange& exchange, Presentation presentation) {
  Result<ShownDocument> shown = co_await document_of_path(exchange, 1);
  if (!shown) co_return refuse(shown.error());
  const DocumentRecord& document = shown->document;
  Result<Response> content =
      co_await serve_content(exchange, {.blob = document.blob,
                                        .media_type = document.mimetype,
                                        .filename = document.filename,
                                        .modified_ms = document.updated_ms,
                                        .cache_control = kContentCacheControl,
                                        .presentation = presentation});
  if (!content) co_return refuse(content.error());
  co_return *std::move(content);
}

}  // namespace

Result<ShownDocument> show(const View& view, DocumentRecord document) {
  ShownDocument shown{std::move(document), {}};
  if (!shown.document.category_id) return shown;
  auto category = find_category(view, *shown.document.category_id);
  if (!category) return std::unexpected(category.error());
  shown.category = *std::move(category);
  return shown;
}

std::vector<std::string> languages_of(const Exchange& exchange) {
  return wanted_languages(exchange.head.find("accept-language").value_or(""));
}

Task<Result<ShownDocument>> document_of_path(Exchange& exchange, std::size_t index) {
  const std::optional<Uuid> id = parse_uuid(segment_after_prefix(exchange.path, index));
  if (!id) co_return fail(Errc::not_found, "document id that is no UUID");
  Result<ShownDocument> shown =
      co_await exchange.services.reader.read([id = *id](const View& view) -> Result<ShownDocument> {
        Result<DocumentRecord> document = get_document(view, id);
        if (!document) return std::unexpected(document.error());
        return show(view, *std::move(document));
      });
  if (!shown) co_return shown;
  const Status allowed = check_ownership(caller_of(exchange), ownership_of(shown->document));
  if (!allowed) co_return std::unexpected(allowed.error());
  co_return shown;
}

Task<Response> handle_list_documents(Exchange& exchange) {
  Checked<DocumentParameters> parameters = parse_document_parameters(exchange.query);
  if (!parameters) co_return refuse_document_field(parameters.error());
  const std::vector<std::string> wanted = languages_of(exchange);
  CoreServices& services = exchange.services;
  // All of it in one trip: what it needs, down to the text of the answer, may block or take long.
  Result<std::string> page = co_await services.reader.read_on_worker(
      [&index = services.documents, &caller = caller_of(exchange), &parameters = *parameters,
       &wanted](const View& view) { return find_page(index, view, caller, parameters, wanted); });
  if (!page) co_return refuse(page.error());
  co_return json_response(kDocumentReadStatus, *std::move(page));
}

Task<Response> handle_get_document(Exchange& exchange) {
  Result<ShownDocument> shown = co_await document_of_path(exchange, 1);
  if (!shown) co_return refuse(shown.error());
  co_return json_response(kDocumentReadStatus, document_body(*shown, languages_of(exchange)));
}

Task<Response> handle_get_document_preview(Exchange& exchange) {
  co_return co_await serve_document(exchange, Presentation::by_type);
}

Task<Response> handle_get_document_download(Exchange& exchange) {
  co_return co_await serve_document(exchange, Presentation::attachment);
}

}  // namespace mooring
