#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "classes/exchange/body.h"
#include "classes/exchange/inflate.h"
#include "classes/xml_events.h"
#include "core/block.h"
#include "core/operation.h"
#include "ne/session/session.h"

namespace neon {

/// What is to be sent.
struct Recipe {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<int, int>> flags;
  std::unique_ptr<Body> body;
  std::uint64_t inflate = 0;  // gzip up to so many bytes; 0 leaves bodies as they come
};

/// The head of a response, and how the classes get the response: [status, head, body, stream, trailers]. The
/// head's lines are version, reason, and the names and values of the headers; the trailers' likewise.
struct Head {
  void note(ne_request *request);
  Napi::Value response(Napi::Env env, napi_value body, napi_value stream, const std::string &trailers) const;

  int status = 0, major = 0, minor = 0;
  std::string reason;
  std::string headers;  // name LF value LF …
};

/// A NeonError with this NE_* code.
Failure result_failure(int code, std::string text);
/// Flat arrays of headers and of flags, which are arguments `index` and `index` + 1.
void read_headers_and_flags(const Arguments &arguments, std::size_t index, Recipe *recipe);

/// One whole request and its response, as one operation: what the classes run. A response of at most one
/// block crosses to JavaScript whole, in one event.
///
/// A longer one streams (promises only). The lane posts the head, then reads ahead of JavaScript up to
/// `high_water`, and waits on `room_` for JavaScript to take some: that is the back-pressure. It is woken by
/// a take, by cancel() (the response was dropped, destroyed, aborted) and when the environment goes away.
/// `stream_mutex_` guards full_, open_ and reader_waits_. The lane reads into the free end of open_ without
/// the lock, since nobody else touches that, and counts the bytes in with it; JavaScript takes over full
/// blocks, and copies what there is of the open one. JavaScript's side holds at most one promise of a read
/// (reader_).
///
/// A document (parse()) crosses in batches of events instead, in the same manner: the lane parses what it
/// reads, and waits inside the parser on `room_` while JavaScript has `max_ahead` full batches to take. The
/// mutex guards the batches: the one that is being filled is the parser's while that has a block, and
/// JavaScript's to take between two. The parser is the lane's once that has met the sink. It may be inside a
/// read that lasts then, or be done: until it comes, the JavaScript thread parses what has arrived, a slice
/// at a time, and the lane waits for the end of a slice (parses_here_). What ends the exchange (signal,
/// timeout, destroy, a handler that throws, a terminated worker) ends the wait for room, and the parser stops
/// at its next batch, at the latest with its block; batches that nobody took die with the exchange. A
/// pending read keeps all of it alive: a response that JavaScript dropped goes on to the end of its document.
class Exchange final : public Operation {
 public:
  Exchange(std::shared_ptr<Session> session, Recipe recipe, bool streams)
      : Operation(session), session_(std::move(session)), recipe_(std::move(recipe)), streams_(streams) {}

  /// The next block (or batch): a Buffer, null at the end, or a promise of one of them. JavaScript thread.
  napi_value read(napi_env env);
  /// What is still to come, as a Buffer of at most `limit` bytes, or a promise of it. JavaScript thread.
  napi_value read_all(napi_env env, std::uint64_t limit);
  /// The same written to a descriptor: the number of bytes, or a promise of it; or a Buffer of the last of
  /// it, which the caller has to write.
  napi_value write_to_fd(napi_env env, int descriptor);
  /// From now on read() gives batches of events (EventBatch), null at the end of the document.
  void parse(unsigned wanted, const std::string &charset);
  /// The trailer of a response that was read to its end.
  const std::string &trailers() const { return trailers_; }

  void deliver(Napi::Env env) override;

 protected:
  void run() override;
  void stalled() override {
    if (code_ == NE_OK) return;
    code_ = NE_TIMEOUT;
    text_ = ne_get_error(session_->c());
  }
  void woken() override {
    const std::lock_guard lock(stream_mutex_);
    room_.notify_all();
  }
  Napi::Value result(Napi::Env env) override;
  bool has_callbacks() const override {
    return (recipe_.body && recipe_.body->function()) || Operation::has_callbacks();
  }

 private:
  /// Where a body that streams goes: into blocks that are read, into memory, to a descriptor, or into a
  /// parser whose events are read.
  enum class Sink { Blocks, Memory, Descriptor, Events };

  struct Document {
    Document(unsigned wanted, const std::string &charset, EventParser::Flush flush)
        : parser(wanted, charset, std::move(flush)) {}

    EventParser parser;
    std::deque<std::unique_ptr<EventBatch>> full;
    std::unique_ptr<EventBatch> open;
    bool over = false, failed = false;  // parsed by the JavaScript thread to the end; and why to no further
  };
  static constexpr std::size_t max_ahead = 4;

  void note_head(ne_request *request);
  int receive(ne_request *request);
  ssize_t pull(ne_request *request, char *buffer, std::size_t room);
  int receive_body(ne_request *request);
  int receive_held(ne_request *request);
  int receive_whole(ne_request *request, Block &block);
  int receive_stream(ne_request *request, Block block);
  int receive_gathered(ne_request *request);
  int receive_diverted(ne_request *request);
  int receive_events(ne_request *request);
  bool write_out(const char *bytes, std::size_t size);
  void note_trailers(ne_request *request);
  std::string added_to(const std::string &name, const std::string &value) const;
  Sink sink();
  void turn_to(Sink sink, std::unique_ptr<Document> document = nullptr);
  Block take_buffered();
  std::string_view slice();
  bool parse_block(std::string_view block);
  bool flush(std::unique_ptr<EventBatch> batch);
  Block take_next();
  void parse_here(bool over);
  napi_value collect(napi_env env, Sink sink);
  bool collected(napi_env env, napi_value *value);
  void add(std::size_t count);
  std::size_t buffered() const;
  bool next(napi_env env, napi_value *value);
  bool next_block(napi_env env, napi_value *value);
  bool next_batch(napi_env env, napi_value *value);
  bool ended(napi_env env, napi_value *value, bool over);
  void release_reader();
  Failure failure() const;

  const std::shared_ptr<Session> session_;
  Recipe recipe_;
  const bool streams_;
  std::unique_ptr<Inflater> inflater_;  // of the lane, while it runs

  // Written inside run(), read by JavaScript after the head or the end was posted.
  int code_ = NE_ERROR;
  std::string text_;
  Head head_;
  std::unique_ptr<Block> whole_;
  bool dropped_ = false;  // some of the body, which was too long to be held back

  std::mutex stream_mutex_;
  std::condition_variable room_;
  std::vector<Block> full_;
  Block open_;
  bool reader_waits_ = false;
  bool parses_here_ = false;  // the JavaScript thread does
  bool head_posted_ = false;  // written before the post
  // Under the mutex: where the rest of the body is to go; the lane looks between two blocks.
  Sink sink_ = Sink::Blocks;
  std::uint64_t limit_ = 0;
  int descriptor_ = -1;
  std::unique_ptr<Document> document_;
  // The lane's, and the JavaScript thread's after the end.
  bool sink_met_ = false;
  Block gathered_;
  std::uint64_t written_ = 0;
  int write_error_ = 0;          // of the system
  std::uint64_t announced_ = 0;  // Content-Length, or 0
  std::uint64_t arrived_ = 0;
  std::string trailers_;

  napi_deferred reader_ = nullptr;  // of a read, or of what collects the rest
};

/// What JavaScript holds of a response that streams: when it is dropped, so is the rest of the body.
class Stream final : public Handle {
 public:
  static constexpr Kind kind = Kind::Exchange;
  static constexpr std::int64_t external_size = high_water;

  Stream(Environment &environment, std::shared_ptr<Exchange> exchange)
      : Handle(environment), exchange(std::move(exchange)) {}
  void on_detached() override { exchange->cancel(); }

  const std::shared_ptr<Exchange> exchange;
};

}  // namespace neon
