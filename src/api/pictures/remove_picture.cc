#include "mooring/api/store.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/writer.h"
#include "picture_handlers.h"

namespace mooring {
namespace {

class RemovePicture final : public Mutation {
 public:
  explicit RemovePicture(const Uuid& asset_id) : asset_id_(asset_id) {}

  Status apply(Transaction& transaction) override {
    auto removed = remove_picture(transaction, asset_id_, wall_ms());
    if (!removed) return std::unexpected(removed.error());
    return {};
  }

 private:
  Uuid asset_id_;
};

}  // namespace

Task<Response> handle_delete_picture(Exchange& exchange) {
  Result<AssetPicture> found = co_await picture_of_path(exchange);
  if (!found) co_return refuse(found.error());
  if (!found->picture) co_return empty_response(kPictureRemovedStatus);
  RemovePicture mutation(found->asset.id);
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse(committed.error());
  collect_later(services);
  co_return empty_response(kPictureRemovedStatus);
}

}  // namespace mooring
