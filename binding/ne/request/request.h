#pragma once

// The handle of a `ne_request`: its life, its body and readers, and the blocking calls on it.

#include <ne_compress.h>
#include <ne_request.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/arguments.h"
#include "ne/session/session.h"

namespace neon {

class XmlParser;

/// A `ne_request`.
///
/// A request owns its session. The owners of a request are its JavaScript object and the operations that use
/// it. `phase_` and the memory that C points to (body, readers) belong to the thread that runs an operation
/// on the request, or to the JavaScript thread while `use_count` is 0. ne_request_destroy runs the session's
/// hooks, so the call waits until the session is free. A request that the classes or neon itself made is lent
/// to hooks: it belongs to the running operation, and counts as destroyed when C's request is destroyed.
class Request final : public Handle, public Resource {
 public:
  static constexpr Kind kind = Kind::Request;
  static constexpr std::int64_t external_size = 12288;  // ne_request_s holds a buffer of 8 KiB
  static constexpr const char *argument_name = "req";

  /// How far a request has got between ne_begin_request and ne_end_request. A failed request is `Ended` too.
  enum class Phase { Idle, Sending, Body, AtEnd, Ended };

  /// Callbacks of a request. The JavaScript object of the request keeps their functions. As userdata, C has
  /// the Reader, the InterimHandler, or for the Provider the Request.
  struct Reader {
    Request &request;
    std::uint32_t accept_function;      // unused if the acceptance function is neon's
    std::uint32_t read_function;        // unused with a parser
    std::shared_ptr<XmlParser> parser;  // or null
  };
  struct InterimHandler {
    Request &request;
    std::uint32_t function;
  };
  struct Provider {
    std::uint32_t function;
    std::int64_t length;     // announced; negative if unknown
    std::int64_t given = 0;  // bytes since the last rewind
  };

  /// Any thread may drop the last reference. The request is deleted when no operation uses its session.
  static std::shared_ptr<Request> create(std::shared_ptr<Session> session, std::string method,
                                         std::string target, bool lent = false);
  /// Like create(), for a request that `make()` creates inside another C object, and that C destroys with
  /// that object.
  static std::shared_ptr<Request> create_inside(std::shared_ptr<Session> session, std::string method,
                                                std::string target,
                                                const std::function<ne_request *()> &make);
  /// Connects `c`, a request that C has just made, with the Request that is being created. Called by the
  /// first hook that is given `c`.
  static void created(Session &session, ne_request *c);
  /// Whether the handle of this request was collected, or the object that contains the request is destroyed.
  /// Such a request is destroyed without running hooks.
  static bool dropped(Session &session, ne_request *c);
  /// Must be called when a destroy-request hook is added, because requests that neon itself made are released
  /// after the last of these hooks. The new hook may be the first hook that is given such a request.
  static void watch_lent(Session &session);
  /// The JavaScript object of a request that a hook is given. The request has no other JavaScript object.
  /// Called on the JavaScript thread, inside the call of the hook.
  static Napi::Object object_of(Session &session, ne_request *c, Operation &operation);

  ne_request *c() const { return c_; }
  Session &session() const { return *session_; }
  std::shared_ptr<Session> shared_session() const { return session_; }
  /// "GET /path"
  std::string description() const { return method_ + " " + target_; }

  /// Must be called before the JavaScript thread uses this request alone, without its session. Throws
  /// ERR_NEON_BUSY while a promise of the request is pending, and ERR_NEON_INVALID_STATE while C destroys the
  /// request.
  void require_usable() const;
  Phase phase() const { return phase_; }
  bool has_callbacks() const { return !readers_.empty() || !interim_handlers_.empty() || provider_; }
  std::uint64_t generation() const { return generation_; }
  /// C sends the request once more: header cursors of the previous response become stale.
  void sent_again() { ++generation_; }
  void connection_lost() { phase_ = Phase::Ended; }
  void on_detached() override;
  /// Makes the JavaScript object of the request. From then on the request counts as live.
  Napi::Object open_handle();

  /// From now on, the destruction of the request runs no hooks, even if the request has other owners. Called
  /// by the owner of the object inside which C made the request.
  void drop() { dropped_ = true; }
  /// Also true while a request that is marked as destroyed waits for its turn to run hooks, except in the
  /// callbacks of a call on the request.
  bool closed() const override;
  /// Whether the request is in its last hook, where only the parts that C has not freed may be used.
  bool closing() const { return closing_; }
  bool lent() const { return lent_; }
  /// Throws ERR_NEON_BORROWED when the request belongs to neon, to the classes or to another object.
  void require_own(const char *use) const;
  /// Makes the operation use this request, and the parsers that read its body.
  void use_for(Operation &operation);
  std::string_view method() const { return method_; }
  /// The request will be destroyed. From now on it counts as destroyed, except in hooks. Called on the
  /// JavaScript thread.
  void mark_destroyed();
  /// Calls ne_request_destroy.
  void close();
  /// C is destroying the request, and runs the hooks.
  static void destroying(Session &session, ne_request *c);
  /// C has destroyed the request.
  void release();

  /// Must be called before the request gets a body. Throws ERR_NEON_INVALID_STATE when the request has a body
  /// or has begun.
  void announce_body();
  void set_body(std::string body);
  void set_body(int descriptor, std::int64_t offset, std::int64_t length);
  void set_body_provider(std::int64_t length, std::uint32_t function);
  std::optional<Provider> &provider() { return provider_; }
  /// How a reader gets the body: as it was sent, or inflated if it is gzip (ne_decompress_reader).
  enum class Coding { Any, Gzip };
  /// Without a parser, `read_function` reads the body.
  void add_reader(Coding coding, ne_accept_response accept, std::uint32_t accept_function,
                  std::uint32_t read_function, std::shared_ptr<XmlParser> parser = nullptr);
  void add_interim_handler(std::uint32_t function);

  // The blocking calls, with neon's results.
  int dispatch();
  int begin();
  ssize_t read(char *buffer, std::size_t size);
  int read_to(int descriptor);
  int read_to(char *buffer, std::size_t *size);
  int discard();
  int end();
  int parse(XmlParser &parser);
  /// Runs a function of neon's that sends the request, again if necessary, and reads the whole response.
  int run_delegated(const std::function<int()> &send);
  /// How a request may reuse a kept connection: as C does, or only if the peer has neither sent bytes on the
  /// connection nor closed it.
  enum class Reuse { AsIs, Silent };
  /// Runs a function of neon's that makes the request, sends it, and destroys it.
  static int run_delegated(Session &session, const std::function<int()> &send, Reuse reuse = Reuse::AsIs);

 private:
  Request(std::shared_ptr<Session> session, std::string method, std::string target, bool lent);
  static std::shared_ptr<Request> shared(Request *made);
  static std::shared_ptr<Request> adopt(Session &session, ne_request *c);
  void open(const std::function<ne_request *()> &make);
  void know(ne_request *c);
  int finish_reading(int result);
  ~Request() override;

  bool body_complete() const;
  bool was_cut() const;
  void require_pulling(const char *function) const;
  void enter(Phase phase);
  void prepare();

  struct FreeDecompressor {
    void operator()(ne_decompress *c) const { ne_decompress_destroy(c); }
  };

  const std::shared_ptr<Session> session_;
  const std::string method_;
  const std::string target_;
  const bool lent_;
  ne_request *c_ = nullptr;
  bool adopted_ = false;  // C destroys it, because neon or another C object made it
  bool inside_ = false;   // it is inside another C object, whose handle counts as live instead
  bool dropped_ = false;
  bool marked_destroyed_ = false;  // JavaScript thread
  std::atomic<bool> closing_{false};
  std::atomic<bool> closed_{false};
  Phase phase_ = Phase::Idle;
  std::uint64_t received_ = 0;    // bytes of the body that were read
  std::uint64_t generation_ = 0;  // counts sends; header cursors of an earlier send are stale
  std::string body_;
  bool has_body_ = false;
  std::optional<Provider> provider_;
  std::vector<std::unique_ptr<Reader>> readers_;
  /// C calls the decompressors as long as C's request exists. Freeing a decompressor needs the session.
  std::vector<std::unique_ptr<ne_decompress, FreeDecompressor>> decompressors_;
  std::vector<std::unique_ptr<InterimHandler>> interim_handlers_;
};

/// A blocking call on the request in argument `index`. The operation uses the session, the request, and the
/// parsers that read the response body.
template <class Run>
std::shared_ptr<Operation> request_operation(const Arguments &arguments, std::size_t index,
                                             const std::shared_ptr<Request> &request, Run run,
                                             bool callbacks = false) {
  request->require_own("sent or read");
  callbacks = callbacks || request->has_callbacks() || request->session().has_callbacks();
  auto made = code_operation(request->shared_session(), std::move(run), callbacks);
  request->use_for(*made);
  if (callbacks) made->hold(arguments[index]);  // the request's object keeps the functions
  return made;
}

/// neon's acceptance function whose number this argument is (lib/core/acceptor.ts). C calls this function
/// directly. Null when the argument is a function.
ne_accept_response native_acceptor(const Arguments &arguments, std::size_t index);
/// Adds a reader to the request in argument 0, for the responses that argument 1 accepts, and returns the
/// request. The reader is argument 2: a function (add_function_reader) or a parser (add_parser_reader).
std::shared_ptr<Request> add_function_reader(const Arguments &arguments, Request::Coding coding);
std::shared_ptr<Request> add_parser_reader(const Arguments &arguments, Request::Coding coding);
/// Asks a JavaScript function, from inside neon, whether it accepts a response of the request.
int ask_acceptor(const Request &request, const ne_status &status,
                 const std::function<Napi::Value(Napi::Env, Operation &)> &function);

/// A plain object with the fields of `ne_status`.
Napi::Value status_object(Napi::Env env, const ne_status &status);

}  // namespace neon
