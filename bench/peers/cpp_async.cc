// The peer that a C++ user would write: gRPC's asynchronous API, one completion queue, one thread, a map look-up.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "quark/version/v1/version_tracker.grpc.pb.h"

namespace tracker = quark::version::v1;

using Table = std::unordered_map<std::string, std::vector<tracker::CompatibleSilo>>;

// What qvtd answered: five bytes of framing and a message. Its silos are served under the actor type of the command line.
static tracker::FindCompatibleSilosResponse load(const char *path)
{
    std::string bytes(4096, '\0');
    std::FILE *file = std::fopen(path, "rb");
    bytes.resize(file == nullptr ? 0 : std::fread(&bytes[0], 1, bytes.size(), file));
    tracker::FindCompatibleSilosResponse answer;
    if (file == nullptr || !answer.ParseFromString(bytes.substr(5))) {
        std::exit(2);
    }
    std::fclose(file);
    return answer;
}

// One call from request to finish; a new one takes its place as soon as it has a request.
struct Call {
    grpc::ServerContext context;
    tracker::FindCompatibleSilosRequest request;
    tracker::FindCompatibleSilosResponse response;
    grpc::ServerAsyncResponseWriter<tracker::FindCompatibleSilosResponse> writer{&context};
    bool answered = false;
};

static void accept(tracker::VersionTracker::AsyncService &service, grpc::ServerCompletionQueue *queue)
{
    auto *call = new Call;
    service.RequestFindCompatibleSilos(&call->context, &call->request, &call->writer, queue, queue, call);
}

static void answer(Call *call, const Table &table, const tracker::FindCompatibleSilosResponse &head)
{
    *call->response.mutable_position() = head.position();
    *call->response.mutable_cache_ttl() = head.cache_ttl();
    for (const auto &silo : table.at(call->request.actor_type())) {
        if (call->request.version().empty() || silo.version() == call->request.version()) {
            *call->response.add_silos() = silo;
        }
    }
    call->answered = true;
    call->writer.Finish(call->response, grpc::Status::OK, call);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        std::fprintf(stderr, "usage: cpp_async PORT ANSWER-FILE ACTOR-TYPE\n");
        return 2;
    }
    tracker::FindCompatibleSilosResponse head = load(argv[2]);
    Table table;
    table[argv[3]].assign(head.silos().begin(), head.silos().end());
    tracker::VersionTracker::AsyncService service;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(std::string("127.0.0.1:") + argv[1], grpc::InsecureServerCredentials());
    builder.RegisterService(&service);
    std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (server == nullptr) {
        return 2;
    }
    for (int i = 0; i < 1000; i++) {
        accept(service, queue.get());
    }
    void *tag;
    bool ok;
    while (queue->Next(&tag, &ok)) {
        auto *call = static_cast<Call *>(tag);
        if (ok && !call->answered) {
            accept(service, queue.get());
            answer(call, table, head);
        } else {
            delete call;
        }
    }
}
