// A request of the classes and its response, as one operation.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "classes/exchange/document.h"
#include "classes/exchange/inflate.h"
#include "classes/exchange/recipe.h"
#include "core/block.h"
#include "core/operation.h"
#include "ne/session/session.h"

namespace neon {

/// One whole request and its response. A response of at most `whole_limit` bytes reaches JavaScript in one
/// piece, with one event, if the peer sends it without a long pause. A blocking call always receives its
/// response in one piece.
///
/// In the promise form, any other response streams. The lane posts the head, and then reads up to
/// `max_ahead_` bytes ahead of JavaScript. Then it waits on `room_`; this wait is the back-pressure. The lane
/// wakes in these cases:
///  - JavaScript takes bytes.
///  - JavaScript allows more bytes (read_ahead()).
///  - The response was dropped, destroyed or aborted (cancel()).
///  - The environment goes away.
///
/// `stream_mutex_` guards full_, open_, max_ahead_, reader_waits_ and waiter_watches_. The lane reads into
/// the free end of open_ without the lock, because no other thread touches this part. It then counts the
/// bytes under the lock. JavaScript takes over full blocks, and copies the bytes of the open block.
/// JavaScript has at most one pending read (reader_).
///
/// max_ahead_ is `high_water`, unless other calls wait for the session. JavaScript knows of these calls,
/// because the queue of a pool is in JavaScript. It then calls read_ahead() with the number of bytes that may
/// stay unread, and gets a promise (waiter_). The promise resolves in two cases:
///  - The response is over. The session is free, and JavaScript can take the rest from memory.
///  - The lane has stopped at the allowance.
/// The lane always posts when the response is over. It also posts once when it stops, if waiter_watches_ is
/// set. The promise keeps the event loop alive, which the calls in the queue of a pool do not. When no call
/// waits any more, JavaScript withdraws the allowance; received bytes stay in memory. If JavaScript drops the
/// response, the operation ends, and this settles the promise. If the environment goes away, the promise
/// stays pending.
///
/// After parse(), the body is a document. JavaScript receives batches of events instead of blocks, and the
/// lane parses the bytes that it reads. While JavaScript has `max_batches` full batches to take, the lane
/// waits on `room_`, inside the parser. `stream_mutex_` guards the batches. The batch that is being filled
/// belongs to the parser while the parser works on a block, and to JavaScript between two blocks.
///
/// When parse() is called, the lane may be inside a long read, or may have ended. So at first the JavaScript
/// thread parses the bytes that have arrived, one slice at a time. The parser belongs to the lane once the
/// lane has noticed the call (sink_met_). If a slice is being parsed at this moment (parses_here_), the lane
/// waits for its end.
///
/// If the request is small, and its response may be (is_quick()), run() begins on the shared lane. In these
/// cases, it goes on on the lane's own thread, which calls run() again:
///  - The connection has to be opened first, or earlier bytes are still to be sent. Nothing was sent then,
///  and
///    course_ is empty.
///  - The connection has ended before the response began. The request starts again, where neon itself would
///    start again. course_ is empty.
///  - The body streams (rest_is_left_).
///
/// The wait for room ends when the exchange ends, for example by a signal, a timeout, destroy(), an exception
/// in a handler, or the termination of a worker. The parser then stops at its next batch, or at the end of
/// its block. Batches that were not taken are deleted with the exchange. A pending read keeps the response
/// alive: the lane continues to the end of the document even if nothing else refers to the response.
class Exchange final : public Operation {
 public:
  Exchange(std::shared_ptr<Session> session, Recipe recipe, bool streams);
  ~Exchange() override;

  /// Returns the next block (a Buffer) or the next batch, null at the end, or a promise of one of these
  /// values. JavaScript thread.
  Napi::Value read(Napi::Env env);
  /// Returns the rest of the body, as a Buffer of at most `limit` bytes, or a promise of this Buffer.
  /// JavaScript thread.
  Napi::Value read_all(Napi::Env env, std::uint64_t limit);
  /// Writes the rest of the body to a descriptor, and returns the number of bytes. If the lane ended before
  /// it noticed this call, returns the rest as a Buffer, and the caller must write it. May return a promise
  /// of either value. JavaScript thread.
  Napi::Value write_to_fd(Napi::Env env, int descriptor);
  /// Called after a failure. Returns a Buffer of the received bytes that JavaScript has not taken. JavaScript
  /// thread.
  Napi::Value take_rest(Napi::Env env);
  /// From now on read() returns batches of events (EventBatch), and null at the end of the document.
  void parse(unsigned wanted, const std::string &charset);
  /// Called when other calls wait for the session. Allows the lane to keep `bytes` unread bytes, or
  /// `high_water` if this is more. Returns true when the response is over, and false when the lane has
  /// stopped at the allowance. Otherwise returns a promise of true or false. JavaScript thread.
  Napi::Value read_ahead(Napi::Env env, std::uint64_t bytes);
  /// Called when no call waits any more. Withdraws the allowance of read_ahead(), and resolves its pending
  /// promise to false. JavaScript thread.
  void stop_reading_ahead(Napi::Env env);
  /// Called when the handle is gone. Drops the rest of the body. JavaScript thread.
  void drop(Napi::Env env);
  /// The trailer of a response that was read to its end.
  const std::string &trailers() const { return trailers_; }

  void deliver(Napi::Env env) override;
  bool pack(Outbox &outbox) override;
  bool is_quick() const override;
  std::string unread() const override;

 protected:
  void run() override;
  bool give_up() override;
  void stalled() override { result_.note_stall(session_->c()); }
  void woken() override {
    const std::lock_guard lock(stream_mutex_);
    room_.notify_all();
  }
  Napi::Value result(Napi::Env env) override;
  bool has_callbacks() const override {
    return (recipe_.body && !recipe_.body->function().IsEmpty()) || Operation::has_callbacks();
  }

 private:
  /// Where a streaming body goes: to JavaScript as blocks, to memory, to a descriptor, or to a parser whose
  /// events JavaScript reads.
  enum class Sink { Blocks, Memory, Descriptor, Events };

  static constexpr std::size_t max_batches = 4;

  struct Course;

  // exchange.cc
  void begin();
  int send_and_receive();
  void renew_connection_for_body(ne_request *request);
  void note_head(ne_request *request);
  int receive(ne_request *request);
  ssize_t pull(ne_request *request, char *buffer, std::size_t room);
  int receive_body(ne_request *request);
  int receive_beginning(ne_request *request);
  int receive_held(ne_request *request);
  int receive_whole(ne_request *request, Block &block);
  void note_trailers(ne_request *request);
  std::string added_to(const std::string &name, const std::string &value) const;
  Failure failure() const;

  // stream.cc: the lane
  void post_head() noexcept;
  int receive_stream(ne_request *request);
  void note_bytes(std::size_t count);
  int receive_to_memory(ne_request *request);
  int receive_to_fd(ne_request *request);
  bool write_out(const char *bytes, std::size_t size);
  void add(std::size_t count);
  void wait_for_room(const std::function<bool()> &has_room);
  Sink sink();
  // stream.cc: either thread
  Block take_buffered();
  std::size_t buffered() const;
  // stream.cc: the JavaScript thread
  void turn_to(Sink sink, std::unique_ptr<Document> document = nullptr);
  Napi::Value collect(Napi::Env env, Sink sink);
  Napi::Value promise_of_read(Napi::Env env);
  void settle_reader(Napi::Env env);
  Napi::Promise::Deferred release_reader();
  Napi::Value next(Napi::Env env);
  Napi::Value next_block(Napi::Env env);
  Napi::Value collected(Napi::Env env);
  Napi::Value ended(Napi::Env env, bool over);
  void allow_ahead(Napi::Env env, std::uint64_t bytes);
  Napi::Value outcome_of_reading_ahead(Napi::Env env);
  Napi::Promise::Deferred release_waiter();
  void report_memory(Napi::Env env);

  // document.cc
  int receive_events(ne_request *request);
  std::string_view slice();
  bool parse_block(std::string_view block);
  bool flush(std::unique_ptr<EventBatch> batch);
  Block take_next();
  void parse_here(bool over);
  Napi::Value next_batch(Napi::Env env);

  const std::shared_ptr<Session> session_;
  Recipe recipe_;
  const bool streams_;

  // Used only inside run(), by the thread that runs it.
  std::unique_ptr<Course> course_;
  bool rest_is_left_ = false;  // the head was posted, and the rest of the body is to be received

  // run() writes these members. JavaScript reads them after the head or the end was posted.
  CallResult result_;
  Head head_;
  std::unique_ptr<Block> whole_;
  bool dropped_ = false;  // the body was too long to be held back, and its end is missing

  std::mutex stream_mutex_;
  std::condition_variable room_;
  std::vector<Block> full_;
  Block open_;
  std::uint64_t max_ahead_ = high_water;
  bool reader_waits_ = false;
  bool waiter_watches_ = false;
  bool parses_here_ = false;  // the JavaScript thread is parsing
  bool head_posted_ = false;  // written before the post
  // Guarded by the mutex: the destination of the rest of the body. The lane checks sink_ between two blocks.
  Sink sink_ = Sink::Blocks;
  std::uint64_t limit_ = 0;
  int descriptor_ = -1;
  std::unique_ptr<Document> document_;
  // The lane owns these members until its end, and the JavaScript thread owns them afterwards. The JavaScript
  // thread also owns gathered_ while it parses.
  bool sink_met_ = false;
  Block gathered_;
  std::uint64_t written_ = 0;
  int write_error_ = 0;          // errno of write()
  std::uint64_t announced_ = 0;  // Content-Length, or 0
  std::uint64_t arrived_ = 0;
  std::string trailers_;

  // Used only by the JavaScript thread.
  std::optional<Napi::Promise::Deferred> reader_;  // of a pending read(), read_all() or write_to_fd()
  std::optional<Napi::Promise::Deferred> waiter_;  // of a pending read_ahead()
  std::int64_t reported_ = 0;                      // bytes beyond high_water that V8 knows of
};

/// The JavaScript handle of a streaming response; dropping it discards the rest of the body.
class Stream final : public Handle {
 public:
  static constexpr Kind kind = Kind::Exchange;
  static constexpr std::int64_t external_size = high_water;

  Stream(Environment &environment, std::shared_ptr<Exchange> exchange)
      : Handle(environment), exchange(std::move(exchange)) {}
  void on_detached() override { exchange->drop(environment->env()); }

  const std::shared_ptr<Exchange> exchange;
};

}  // namespace neon
