// A mutation of the catalogue, written in place.
#pragma once

#include <utility>

#include "mooring/base/result.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/writer.h"

namespace mooring {

/// A mutation that is a function of the transaction.
template <typename Function>
class Change final : public Mutation {
 public:
  explicit Change(Function function) : function_(std::move(function)) {}
  Status apply(Transaction& transaction) override { return function_(transaction); }

 private:
  Function function_;
};

}  // namespace mooring
