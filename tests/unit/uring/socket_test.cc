#include "mooring/uring/socket.h"

#include <gtest/gtest.h>

namespace mooring {
namespace {

TEST(Endpoint, IsANumericAddressAndAPort) {
  for (const char* text : {"127.0.0.1:8080", "0.0.0.0:0", "[::1]:65535"}) {
    Result<Endpoint> endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint.has_value()) << text;
    EXPECT_EQ(to_string(*endpoint), text);
  }
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "localhost:80",
                           "127.0.0.1:80x", "256.0.0.1:80", "[::1:80"})
    EXPECT_FALSE(parse_endpoint(text).has_value()) << text;
}

TEST(Listener, SharesItsPortWithinTheProcessOnly) {
  Result<Fd> first = listen_on({"127.0.0.1", 0}, 16);
  ASSERT_TRUE(first.has_value());
  Result<Endpoint> bound = local_endpoint(first->get());
  ASSERT_TRUE(bound.has_value());
  EXPECT_GT(bound->port, 0);
  EXPECT_TRUE(listen_on(*bound, 16).has_value());
  EXPECT_FALSE(check_unused(*bound).has_value());
  first->reset();
}

TEST(Listener, FindsAnUnusedPortUnused) {
  Endpoint bound;
  {
    Result<Fd> listener = listen_on({"127.0.0.1", 0}, 16);
    ASSERT_TRUE(listener.has_value());
    bound = *local_endpoint(listener->get());
  }
  EXPECT_TRUE(check_unused(bound).has_value());
}

}  // namespace
}  // namespace mooring
