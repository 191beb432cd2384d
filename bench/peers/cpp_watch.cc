// The stream server that a C++ user would write: gRPC's asynchronous API, one completion queue, one thread. Watch is a
// stream that begins with a progress message; UpdateSilo makes a change and writes it to every watcher.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>
#include <set>
#include <string>

#include "quark/version/v1/version_tracker.grpc.pb.h"

namespace tracker = quark::version::v1;

struct Peer;
using Step = void (Peer::*)(bool ok);

// One operation under way and what comes after it.
struct Tag {
    Peer *peer;
    Step step;
};

struct Hub {
    tracker::VersionTracker::AsyncService service;
    std::unique_ptr<grpc::ServerCompletionQueue> queue;
    std::set<struct Watcher *> watchers;
    uint64_t revision = 0;
};

struct Peer {
    explicit Peer(Hub &hub) : hub(hub) {}
    virtual ~Peer() = default;
    virtual void on_start(bool ok) = 0;
    virtual void on_read(bool) {}
    virtual void on_written(bool) {}
    Hub &hub;
    grpc::ServerContext context;
    Tag started{this, &Peer::on_start};
    Tag read{this, &Peer::on_read};
    Tag written{this, &Peer::on_written};
};

// A watcher lives until its stream breaks; it is only benchmarked, so nothing is freed while an operation is under way.
struct Watcher : Peer {
    explicit Watcher(Hub &hub) : Peer(hub)
    {
        hub.service.RequestWatch(&context, &stream, hub.queue.get(), hub.queue.get(), &started);
    }

    void on_start(bool ok) override
    {
        if (ok) {
            new Watcher(hub);
            stream.Read(&request, &read);
        }
    }

    void on_read(bool ok) override
    {
        if (!ok) {
            hub.watchers.erase(this);
            return;
        }
        hub.watchers.insert(this);
        tracker::WatchResponse hello;
        hello.mutable_progress();
        write(hello);
        stream.Read(&request, &read);
    }

    void write(const tracker::WatchResponse &response)
    {
        if (!writing) {
            writing = true;
            stream.Write(response, &written);
        }
    }

    void on_written(bool ok) override
    {
        writing = false;
        if (!ok) {
            hub.watchers.erase(this);
        }
    }

    grpc::ServerAsyncReaderWriter<tracker::WatchResponse, tracker::WatchRequest> stream{&context};
    tracker::WatchRequest request;
    bool writing = false;
};

struct Update : Peer {
    explicit Update(Hub &hub) : Peer(hub)
    {
        hub.service.RequestUpdateSilo(&context, &request, &writer, hub.queue.get(), hub.queue.get(), &started);
    }

    void on_start(bool ok) override
    {
        if (!ok || done) {
            delete this;
            return;
        }
        done = true;
        new Update(hub);
        tracker::WatchResponse event;
        tracker::Change *change = event.mutable_change();
        change->mutable_position()->set_revision(++hub.revision);
        change->set_event(tracker::CHANGE_EVENT_SILO_UPDATED);
        tracker::Record *record = change->add_puts();
        record->set_kind(tracker::RECORD_KIND_SILO);
        record->set_key(request.silo_id());
        *record->mutable_silo() = request.silo();
        *event.mutable_position() = change->position();
        for (Watcher *watcher : hub.watchers) {
            watcher->write(event);
        }
        *response.mutable_position() = change->position();
        writer.Finish(response, grpc::Status::OK, &started);
    }

    tracker::UpdateSiloRequest request;
    tracker::UpdateSiloResponse response;
    grpc::ServerAsyncResponseWriter<tracker::UpdateSiloResponse> writer{&context};
    bool done = false;
};

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: cpp_watch PORT\n");
        return 2;
    }
    Hub hub;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(std::string("127.0.0.1:") + argv[1], grpc::InsecureServerCredentials());
    builder.RegisterService(&hub.service);
    hub.queue = builder.AddCompletionQueue();
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (server == nullptr) {
        return 2;
    }
    new Watcher(hub);
    new Update(hub);
    void *next;
    bool ok;
    while (hub.queue->Next(&next, &ok)) {
        auto *tag = static_cast<Tag *>(next);
        (tag->peer->*tag->step)(ok);
    }
}
