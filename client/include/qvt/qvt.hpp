// Owners for the handles of libqvt in C++17: each frees what it holds. Everything else is the C interface.
#ifndef QVT_QVT_HPP
#define QVT_QVT_HPP

#include <memory>

#include "qvt/qvt.h"

namespace qvt {

template <auto Free> struct free_with {
    template <typename Handle> void operator()(Handle *handle) const { Free(handle); }
};

template <typename Handle, auto Free> using owner = std::unique_ptr<Handle, free_with<Free>>;

using client = owner<qvt_client, qvt_client_free>;
using silo = owner<qvt_silo, qvt_silo_free>;
using watch = owner<qvt_watch, qvt_watch_close>;
using found = owner<qvt_find_result, qvt_find_result_free>;
using capabilities = owner<qvt_capabilities, qvt_capabilities_free>;
using declared_types = owner<qvt_declared_types, qvt_declared_types_free>;
using activity = owner<qvt_activity, qvt_activity_free>;
using actor = owner<qvt_actor, qvt_actor_release>;
using activity_list = owner<qvt_activity_list, qvt_activity_list_free>;
using mailbox = owner<qvt_mailbox, qvt_mailbox_free>;

// Passes an owner where a function of the C interface writes a handle: qvt_client_find(out(found), …).
template <typename Owner> class out_handle {
  public:
    explicit out_handle(Owner &target) : owner_(target) {}
    out_handle(const out_handle &) = delete;
    out_handle &operator=(const out_handle &) = delete;
    ~out_handle()
    {
        if (handle_ != nullptr) {
            owner_.reset(handle_);
        }
    }
    operator typename Owner::pointer *() { return &handle_; }

  private:
    Owner &owner_;
    typename Owner::pointer handle_ = nullptr;
};

template <typename Owner> out_handle<Owner> out(Owner &target)
{
    return out_handle<Owner>(target);
}

} // namespace qvt

#endif
