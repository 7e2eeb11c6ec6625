#include <utility>

#include "attachment_handlers.h"
#include "mooring/api/attachments/pocket_json.h"
#include "mooring/api/store.h"
#include "mooring/base/clock.h"

namespace mooring {
namespace {

Task<Response> create_project_in(Exchange& exchange, std::optional<PocketId> holder) {
  OrResponse<NewPocketProject> body = co_await read_body(exchange, parse_new_pocket_project);
  if (!body) co_return std::move(body.error());
  const std::int64_t now_ms = wall_ms();
  PocketProject made{.id = new_pocket_id(),
                     .holder = holder,
                     .owner = key_owner(exchange),
                     .text = std::move(body->text),
                     .is_public = body->is_public,
                     .created_ms = now_ms,
                     .modified_ms = now_ms};
  auto change = pocket_change<PocketProject>(
      [&made](Transaction& transaction) { return create_pocket_project(transaction, made); });
  Status committed = co_await exchange.services.writer.commit(exchange.services.core, change);
  if (!committed) co_return refuse_pocket(committed.error(), kProjectNotFound);
  co_return json_response(kPocketSuccess, pocket_project_body(change.record));
}

}  // namespace

Task<Response> handle_create_pocket_project(Exchange& exchange) {
  co_return co_await create_project_in(exchange, {});
}

Task<Response> handle_create_sub_project(Exchange& exchange) {
  Result<PocketProject> project = co_await project_in_path(exchange);
  if (!project) co_return refuse_pocket(project.error(), kProjectNotFound);
  co_return co_await create_project_in(exchange, project->id);
}

Task<Response> handle_create_project_asset(Exchange& exchange) {
  Result<PocketProject> project = co_await project_in_path(exchange);
  if (!project) co_return refuse_pocket(project.error(), kProjectNotFound);
  OrResponse<NewPocketAsset> body = co_await read_body(exchange, parse_new_pocket_asset);
  if (!body) co_return std::move(body.error());
  co_return co_await create_asset_at(exchange, *std::move(body), PocketPlace::project_member,
                                     project->id);
}

Task<Response> handle_get_pocket_project(Exchange& exchange) {
  Result<PocketProject> project = co_await project_in_path(exchange);
  if (!project) co_return refuse_pocket(project.error(), kProjectNotFound);
  co_return json_response(kPocketSuccess, pocket_project_body(*project));
}

Task<Response> handle_delete_pocket_project(Exchange& exchange) {
  Result<PocketProject> project = co_await project_in_path(exchange);
  if (!project) co_return refuse_pocket(project.error(), kProjectNotFound);
  auto change =
      pocket_change<PocketProject>([&](Transaction& transaction) -> Result<PocketProject> {
        const Status removed = remove_pocket_project(transaction, project->id, wall_ms());
        if (!removed) return std::unexpected(removed.error());
        return *project;
      });
  Status committed = co_await exchange.services.writer.commit(exchange.services.core, change);
  if (!committed) co_return refuse_pocket(committed.error(), kProjectNotFound);
  collect_later(exchange.services);
  co_return json_response(kPocketSuccess, std::string(kPocketDone));
}

}  // namespace mooring
