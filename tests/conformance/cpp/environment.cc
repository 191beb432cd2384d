// The client's link to gRPC's test library, of which it needs nothing but this name.
#include "test/core/util/test_config.h"

namespace grpc
{
namespace testing
{
TestEnvironment::TestEnvironment(int *, char **) {}
TestEnvironment::~TestEnvironment() {}
} // namespace testing
} // namespace grpc
