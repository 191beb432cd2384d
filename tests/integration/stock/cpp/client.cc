// A stock C++ client: registers a silo, finds it, watches it, cancels, and meets a deadline.
// usage: client ENDPOINT CA-FILE; an empty CA-FILE: cleartext
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include <grpcpp/grpcpp.h>

#include "quark/version/v1/version_tracker.grpc.pb.h"

namespace tracker = quark::version::v1;

namespace
{

constexpr const char *silo_id = "silo-cpp";
constexpr std::chrono::milliseconds patience{30000};
constexpr std::chrono::milliseconds brief{300};

std::shared_ptr<grpc::ChannelCredentials> credentials(const std::string &authority)
{
    if (authority.empty()) {
        return grpc::InsecureChannelCredentials();
    }
    std::stringstream text;
    text << std::ifstream(authority).rdbuf();
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = text.str();
    return grpc::SslCredentials(options);
}

void check(const grpc::Status &status)
{
    if (!status.ok()) {
        std::cout << "error " << status.error_code() << " " << status.error_message() << std::endl;
        std::exit(1);
    }
}

void set_deadline(grpc::ClientContext *context, std::chrono::milliseconds limit)
{
    context->set_deadline(std::chrono::system_clock::now() + limit);
}

void enroll(tracker::VersionTracker::Stub *stub)
{
    grpc::ClientContext context;
    tracker::RegisterSiloRequest request;
    tracker::RegisterSiloResponse answer;
    set_deadline(&context, patience);
    request.set_instance_id("0123456789abcdef");
    tracker::SiloInfo *silo = request.mutable_silo();
    silo->set_silo_id(silo_id);
    silo->set_address("10.0.0.1");
    silo->set_port(9000);
    (*silo->mutable_actor_type_versions())["Order"].set_version("2.1.0");
    check(stub->RegisterSilo(&context, request, &answer));
    std::cout << "registered " << answer.silo().silo_id() << std::endl;
}

void find(tracker::VersionTracker::Stub *stub)
{
    grpc::ClientContext context;
    tracker::FindCompatibleSilosRequest request;
    tracker::FindCompatibleSilosResponse answer;
    set_deadline(&context, patience);
    request.set_actor_type("Order");
    request.set_version("2.1.0");
    check(stub->FindCompatibleSilos(&context, request, &answer));
    for (const auto &silo : answer.silos()) {
        std::cout << "found " << silo.silo_id() << " " << silo.version() << std::endl;
    }
}

// Receives until the call ends; on_record is called with the key of each record.
void watch(tracker::VersionTracker::Stub *stub, std::chrono::milliseconds limit,
           const std::function<void(grpc::ClientContext *, const std::string &)> &on_record)
{
    grpc::ClientContext context;
    tracker::WatchRequest request;
    tracker::WatchResponse message;
    set_deadline(&context, limit);
    auto stream = stub->Watch(&context);
    request.add_silo_ids(silo_id);
    stream->Write(request);
    while (stream->Read(&message)) {
        if (message.has_record()) {
            on_record(&context, message.record().key());
        }
    }
    switch (stream->Finish().error_code()) {
    case grpc::StatusCode::CANCELLED: std::cout << "ended Canceled" << std::endl; break;
    case grpc::StatusCode::DEADLINE_EXCEEDED: std::cout << "ended DeadlineExceeded" << std::endl; break;
    default: std::cout << "ended otherwise" << std::endl;
    }
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    auto stub = tracker::VersionTracker::NewStub(grpc::CreateChannel(argv[1], credentials(argv[2])));
    enroll(stub.get());
    find(stub.get());
    watch(stub.get(), patience, [](grpc::ClientContext *context, const std::string &key) {
        std::cout << "watched " << key << std::endl;
        context->TryCancel();
    });
    watch(stub.get(), brief, [](grpc::ClientContext *, const std::string &) {});
    return 0;
}
