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
/// A request owns its session. Its JavaScript object and the operations that use it own the request. While an
/// operation runs on the request, `phase_` and the memory that C points to (body, readers) belong to the
/// operation's thread. While `use_count` is 0, they belong to the JavaScript thread. ne_request_destroy runs
/// the session's hooks, so the call waits until the session is free.
///
/// A request that the classes or neon itself made is lent to hooks. The running operation owns a lent
/// request. Its handle behaves as destroyed once C's request is destroyed.
class Request final : public Handle, public Resource {
 public:
  static constexpr Kind kind = Kind::Request;
  static constexpr std::int64_t external_size = 12288;  // ne_request_s holds a buffer of 8 KiB
  static constexpr const char *argument_name = "req";

  /// How far a request has got between ne_begin_request and ne_end_request. A failed request is `Ended` too.
  enum class Phase { Idle, Sending, Body, AtEnd, Ended };

  /// The callbacks of a request. The request's JavaScript object keeps their functions. C's userdata is the
  /// Reader or the InterimHandler. For the Provider, it is the Request.
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
  /// Like create(), for a request that `make()` creates inside another C object. C destroys the request
  /// together with that object.
  static std::shared_ptr<Request> create_inside(std::shared_ptr<Session> session, std::string method,
                                                std::string target,
                                                const std::function<ne_request *()> &make);
  /// Connects `c`, a request that C has just made, with the Request that is being created. Called by the
  /// first hook that receives `c`.
  static void created(Session &session, ne_request *c);
  /// Whether the request's handle was collected, or the object that contains the request was destroyed. No
  /// hooks run when such a request is destroyed.
  static bool dropped(Session &session, ne_request *c);
  /// Must be called when a destroy-request hook is added. Requests that neon itself made must be released
  /// after the last of these hooks. The new hook may be the first hook to see such a request.
  static void watch_lent(Session &session);
  /// Returns the JavaScript object of the request passed to a hook. The request has no other JavaScript
  /// object. Called on the JavaScript thread, during the call of the hook.
  static Napi::Object object_of(Session &session, ne_request *c, Operation &operation);

  ne_request *c() const { return c_; }
  Session &session() const { return *session_; }
  std::shared_ptr<Session> shared_session() const { return session_; }
  /// "GET /path"
  std::string description() const { return method_ + " " + target_; }

  /// Must be called before the JavaScript thread uses this request, but not the session. Throws
  /// ERR_NEON_BUSY while a promise of the request is pending, and ERR_NEON_INVALID_STATE while C destroys the
  /// request.
  void require_usable() const;
  Phase phase() const { return phase_; }
  /// Whether the shared lane may dispatch the request: the server may receive it twice, it is small, and neon
  /// will call no JavaScript for it.
  bool is_quick() const;
  bool has_callbacks() const { return !readers_.empty() || !interim_handlers_.empty() || provider_; }
  std::uint64_t generation() const { return generation_; }
  /// Records that C sends the request again. Header cursors of the previous response then become stale.
  void sent_again() { ++generation_; }
  void connection_lost() { phase_ = Phase::Ended; }
  void on_detached() override;
  /// Makes the request's JavaScript object. From then on, the session counts the request as live.
  Napi::Object open_handle();

  /// From now on, destroying the request runs no hooks, even if the request has other owners. Called by the
  /// owner of the C object that contains the request.
  void drop() { dropped_ = true; }
  /// Whether the request is destroyed. A request marked as destroyed may still wait for its turn to run
  /// hooks, but the result is already true. In the callbacks of a call on that request it is false.
  bool closed() const override;
  /// Whether the last hook of the request is running. C has by then freed parts of the request, which must
  /// not be used.
  bool closing() const { return closing_; }
  bool lent() const { return lent_; }
  /// Throws ERR_NEON_BORROWED when the request belongs to neon, to the classes or to another object.
  void require_own(const char *use) const;
  /// Makes the operation use this request, and the parsers that read its body.
  void use_for(Operation &operation);
  std::string_view method() const { return method_; }
  /// Marks the request as destroyed before ne_request_destroy runs. Hooks may still use it. Called on the
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
  /// Records that C has added this header.
  void note_header(const std::string &name, const std::string &value);
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
  int begin();
  ssize_t read(char *buffer, std::size_t size);
  int read_to(int descriptor);
  int read_to(char *buffer, std::size_t *size);
  int discard();
  /// Like discard(), but stops before the end of the body when more than `limit` bytes have arrived.
  int discard_some(std::uint64_t limit);
  int end();
  int parse(XmlParser &parser);
  /// Runs a neon function that sends the request, again if necessary, and reads the whole response.
  int run_delegated(const std::function<int()> &send);
  /// How a request may reuse a kept-alive connection. `AsIs` leaves the decision to C. `Silent` reuses the
  /// connection only if the peer has neither sent bytes on it nor closed it.
  enum class Reuse { AsIs, Silent };
  /// Runs a neon function that makes a request, sends it, and destroys it.
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
  std::size_t header_bytes_ = 0;  // of note_header()
  std::string body_;
  bool has_body_ = false;
  bool is_in_memory_ = true;  // the body, if there is one
  std::optional<Provider> provider_;
  std::vector<std::unique_ptr<Reader>> readers_;
  /// C calls the decompressors as long as C's request exists. Freeing a decompressor needs the session.
  std::vector<std::unique_ptr<ne_decompress, FreeDecompressor>> decompressors_;
  std::vector<std::unique_ptr<InterimHandler>> interim_handlers_;
};

/// A blocking call on the request in argument `index`. `make(callbacks)` makes the operation, which then uses
/// the session, the request, and the parsers that read the response body. `callbacks`: whether the operation
/// may call JavaScript.
template <class Make>
std::shared_ptr<Operation> request_operation_by(const Arguments &arguments, std::size_t index,
                                                const std::shared_ptr<Request> &request, bool callbacks,
                                                Make make) {
  request->require_own("sent or read");
  callbacks = callbacks || request->has_callbacks() || request->session().has_callbacks();
  const std::shared_ptr<Operation> made = make(callbacks);
  request->use_for(*made);
  if (callbacks) made->hold(arguments[index]);  // the request's object keeps the functions
  return made;
}

/// Like request_operation_by(), for an operation that is made of one function.
template <class Run>
std::shared_ptr<Operation> request_operation(const Arguments &arguments, std::size_t index,
                                             const std::shared_ptr<Request> &request, Run run,
                                             bool callbacks = false) {
  return request_operation_by(arguments, index, request, callbacks, [&](bool any_callbacks) {
    return code_operation(request->shared_session(), std::move(run), any_callbacks);
  });
}

/// Returns the neon acceptance function whose number is in this argument (lib/core/acceptor.ts). C calls that
/// function directly. Returns null if the argument is a JavaScript function.
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
