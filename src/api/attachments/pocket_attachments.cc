#include <utility>
#include <vector>

#include "attachment_handlers.h"
#include "mooring/api/attachments/pocket_json.h"
#include "mooring/catalog/reader.h"

namespace mooring {
namespace {

// There is no paging (M10). Up to here a list is read and written in a turn of the loop; longer
// ones on a worker, and above the second bound it is 422: no holder's size decides how much memory
// a request takes [D].
constexpr std::size_t kListedAtOnceMax = 100;
constexpr std::size_t kListedMax = 100'000;

Result<std::string> list_body(const View& view, PocketPlace place, const PocketId& holder) {
  auto attachments = list_attachments(view, place, holder, kListedMax + 1);
  if (!attachments) return std::unexpected(attachments.error());
  if (attachments->size() > kListedMax) return fail(Errc::unprocessable, "list of attachments");
  return attachments_body(*attachments);
}

Task<Response> answer_list(Exchange& exchange, PocketPlace place, PocketId holder) {
  Reader& reader = exchange.services.reader;
  auto first = co_await reader.read([place, holder](const View& view) {
    return list_attachments(view, place, holder, kListedAtOnceMax + 1);
  });
  if (!first) co_return refuse_pocket(first.error());
  if (first->size() <= kListedAtOnceMax)
    co_return json_response(kPocketSuccess, attachments_body(*first));
  Result<std::string> body = co_await reader.read_on_worker(
      [place, holder](const View& view) { return list_body(view, place, holder); });
  if (!body) co_return refuse_pocket(body.error());
  co_return json_response(kPocketSuccess, *std::move(body));
}

Task<Response> attach(Exchange& exchange, PocketPlace place, PocketId holder) {
  OrResponse<PocketText> text = co_await read_body(exchange, parse_attachment);
  if (!text) co_return std::move(text.error());
  NewPocketAsset asset{.text = *std::move(text)};
  co_return co_await create_asset_at(exchange, std::move(asset), place, holder);
}

}  // namespace

Task<Response> handle_list_asset_attachments(Exchange& exchange) {
  Result<PocketAsset> asset = co_await asset_in_path(exchange);
  if (!asset) co_return refuse_pocket(asset.error(), kAssetNotFound);
  co_return co_await answer_list(exchange, PocketPlace::asset_attachment, asset->id);
}

Task<Response> handle_list_project_attachments(Exchange& exchange) {
  Result<PocketProject> project = co_await project_in_path(exchange);
  if (!project) co_return refuse_pocket(project.error(), kProjectNotFound);
  co_return co_await answer_list(exchange, PocketPlace::project_attachment, project->id);
}

Task<Response> handle_attach_to_asset(Exchange& exchange) {
  Result<PocketAsset> asset = co_await asset_in_path(exchange);
  if (!asset) co_return refuse_pocket(asset.error(), kAssetNotFound);
  co_return co_await attach(exchange, PocketPlace::asset_attachment, asset->id);
}

Task<Response> handle_attach_to_project(Exchange& exchange) {
  Result<PocketProject> project = co_await project_in_path(exchange);
  if (!project) co_return refuse_pocket(project.error(), kProjectNotFound);
  co_return co_await attach(exchange, PocketPlace::project_attachment, project->id);
}

}  // namespace mooring
