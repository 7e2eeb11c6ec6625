#include "image_handlers.h"
#include "mooring/api/store.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/writer.h"

namespace mooring {
namespace {

class RemoveImage final : public Mutation {
 public:
  RemoveImage(std::uint64_t id, std::string_view organization)
      : id_(id), organization_(organization) {}

  Status apply(Transaction& transaction) override {
    const auto removed = remove_image(transaction, id_, organization_, wall_ms());
    if (!removed) return std::unexpected(removed.error());
    if (!*removed) return fail(Errc::not_found, "image that went meanwhile");
    return {};
  }

 private:
  std::uint64_t id_;
  std::string_view organization_;
};

}  // namespace

Task<Response> handle_delete_image(Exchange& exchange) {
  auto caller = admit_image_caller(exchange);
  if (!caller) co_return std::move(caller.error());
  Result<ImageRecord> image = co_await image_of_path(exchange, *caller);
  if (!image) co_return refuse_image(image.error());
  RemoveImage mutation(image->id, image->organization_id);
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse_image(committed.error());
  collect_later(services);
  co_return empty_response(kImageRemovedStatus);
}

}  // namespace mooring
