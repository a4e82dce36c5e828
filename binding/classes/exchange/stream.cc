// The body of a response that streams: the lane reads it ahead, and JavaScript takes it.
#include <fcntl.h>
#include <limits.h>
#include <ne_request.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "classes/exchange/exchange.h"
#include "core/error.h"
#include "core/exit.h"
#include "core/value.h"

namespace neon {

// --- The lane ---------------------------------------------------------------------------------------------

// From now on, JavaScript takes the bytes of the body. Called under the lock, by the lane or the watchdog.
// Without memory, changes nothing.
void Exchange::post_head() noexcept {
  arrived_ = open_.size;
  head_posted_ = true;
  try {
    environment().post(shared_from_this());
  } catch (const std::bad_alloc &) {
    head_posted_ = false;
  }
}

int Exchange::receive_stream(ne_request *request) {
  add(0);
  while (!cancelled()) {
    const Sink wanted = sink();
    if (wanted == Sink::Memory) return receive_to_memory(request);
    if (wanted == Sink::Descriptor) return receive_to_fd(request);
    if (wanted == Sink::Events) return receive_events(request);
    const ssize_t count = pull(request, open_.end(), open_.room());
    if (count <= 0) return count == 0 ? NE_OK : NE_ERROR;
    note_bytes(static_cast<std::size_t>(count));
  }
  return NE_ERROR;
}

// Counts bytes that pull() has put into open_.
void Exchange::note_bytes(std::size_t count) {
  arrived_ += count;
  add(count);
}

Exchange::Sink Exchange::sink() {
  std::unique_lock lock(stream_mutex_);
  room_.wait(lock, [this] { return !parses_here_; });
  sink_met_ = sink_ != Sink::Blocks;
  return sink_;
}

// Takes all received bytes that JavaScript has not taken yet, as one block.
Block Exchange::take_buffered() {
  const std::lock_guard lock(stream_mutex_);
  std::vector<Block> blocks = std::move(full_);
  full_.clear();
  blocks.push_back(std::move(open_));
  open_ = Block();
  std::size_t size = 0;
  for (const Block &block : blocks) size += block.left();
  const std::uint64_t to_come = announced_ > arrived_ ? announced_ - arrived_ : 0;
  const std::size_t room = sink_ == Sink::Memory ? std::min<std::uint64_t>(size + to_come, limit_) : size;
  Block all(std::max(room, size) + 1);
  for (const Block &block : blocks) {
    if (block.left() > 0) std::memcpy(all.end(), block.memory.get() + block.taken, block.left());
    all.size += block.left();
  }
  return all;
}

int Exchange::receive_to_memory(ne_request *request) {
  gathered_ = take_buffered();
  while (!cancelled()) {
    if (gathered_.size > limit_) {
      ne_set_error(session_->c(), "The response body is longer than %llu bytes",
                   static_cast<unsigned long long>(limit_));
      return NE_ERROR;
    }
    if (gathered_.room() == 0) gathered_.grow(gathered_.capacity * 2);
    const ssize_t count = pull(request, gathered_.end(), gathered_.room());
    if (count <= 0) return count == 0 ? NE_OK : NE_ERROR;
    gathered_.size += static_cast<std::size_t>(count);
  }
  return NE_ERROR;
}

int Exchange::receive_to_fd(ne_request *request) {
  {
    const Block first = take_buffered();
    if (!write_out(first.memory.get(), first.size)) return NE_ERROR;
  }
  const Memory memory = allocate(high_water);
  while (!cancelled()) {
    const ssize_t count = pull(request, memory.get(), high_water);
    if (count <= 0) return count == 0 ? NE_OK : NE_ERROR;
    if (!write_out(memory.get(), static_cast<std::size_t>(count))) return NE_ERROR;
  }
  return NE_ERROR;
}

// Writes to the descriptor, until an abort. Pauses the watchdog, since a slow disk or a slow reader of a pipe
// does not mean that the server stalls.
bool Exchange::write_out(const char *bytes, std::size_t size) {
  session_->connection.pause();
  struct stat status {};
  const bool is_file = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  int error = 0;
  while (size > 0 && error == 0 && !cancelled()) {
    pollfd writable{descriptor_, POLLOUT, 0};
    if (!is_file && ::poll(&writable, 1, 50) == 0) continue;
    // A writable pipe takes PIPE_BUF bytes without waiting.
    const ssize_t count = ::write(descriptor_, bytes, is_file ? size : std::min<std::size_t>(size, PIPE_BUF));
    if (count < 0) {
      if (errno != EINTR && errno != EAGAIN) error = errno;
      continue;
    }
    bytes += count;
    size -= static_cast<std::size_t>(count);
    written_ += static_cast<std::uint64_t>(count);
  }
  session_->connection.resume();
  write_error_ = error;
  return size == 0;
}

// Counts the `count` bytes that the lane has read into the open block. Posts if a reader waits for bytes, or
// if a promise of read_ahead() waits for the lane to stop here. If no reader was waiting, then waits while
// JavaScript has enough bytes to take.
void Exchange::add(std::size_t count) {
  std::unique_lock lock(stream_mutex_);
  open_.size += count;
  if (open_.room() == 0) {
    full_.push_back(std::move(open_));
    open_ = Block(block_size);
  }
  const bool reader_waits = std::exchange(reader_waits_, false), enough = buffered() >= max_ahead_;
  const bool inform = reader_waits || (enough && std::exchange(waiter_watches_, false));
  lock.unlock();
  if (inform) environment().post(shared_from_this());
  if (reader_waits || !enough) return;
  wait_for_room([this] { return buffered() < max_ahead_ || sink_ != Sink::Blocks; });
}

// Makes the lane wait, outside neon, until JavaScript has made room or the exchange is cancelled. Calls
// `has_room` under the lock.
void Exchange::wait_for_room(const std::function<bool()> &has_room) {
  session_->connection.pause();
  {
    const SafePoint outside;
    std::unique_lock lock(stream_mutex_);
    room_.wait(lock, [&] { return has_room() || cancelled(); });
  }
  session_->connection.resume();
}

std::size_t Exchange::buffered() const {
  std::size_t sum = open_.left();
  for (const Block &block : full_) sum += block.left();
  return sum;
}

// --- The JavaScript thread --------------------------------------------------------------------------------

Napi::Value Exchange::read(Napi::Env env) {
  if (reader_) throw neon_failure(code::invalid_state, "The response is being read already");
  const Napi::Value value = next(env);
  return value.IsEmpty() ? promise_of_read(env) : value;
}

Napi::Value Exchange::read_all(Napi::Env env, std::uint64_t limit) {
  limit_ = limit;
  return collect(env, Sink::Memory);
}

Napi::Value Exchange::write_to_fd(Napi::Env env, int descriptor) {
  descriptor_ = descriptor;
  return collect(env, Sink::Descriptor);
}

Napi::Value Exchange::take_rest(Napi::Env env) {
  return done() ? take_buffered().take(env) : Napi::Buffer<char>::New(env, 0);
}

void Exchange::turn_to(Sink sink, std::unique_ptr<Document> document) {
  if (reader_ || sink_ != Sink::Blocks)
    throw neon_failure(code::invalid_state, "The response is being read already");
  const std::lock_guard lock(stream_mutex_);
  sink_ = sink;
  document_ = std::move(document);
  room_.notify_all();
}

Napi::Value Exchange::collect(Napi::Env env, Sink sink) {
  turn_to(sink);
  const Napi::Value value = delivered() ? collected(env) : Napi::Value();
  return value.IsEmpty() ? promise_of_read(env) : value;
}

Napi::Value Exchange::promise_of_read(Napi::Env env) {
  const Napi::Promise::Deferred &reader = reader_.emplace(env);
  environment().hold();
  return reader.Promise();
}

void Exchange::settle_reader(Napi::Env env) {
  try {
    const Napi::Value value = next(env);
    if (!value.IsEmpty()) release_reader().Resolve(value);
  } catch (const Failure &failure) {
    release_reader().Reject(to_error(env, failure));
  }
}

// Returns the pending promise, which the caller has to settle.
Napi::Promise::Deferred Exchange::release_reader() {
  const Napi::Promise::Deferred reader = *reader_;
  reader_.reset();
  environment().release();
  return reader;
}

Napi::Value Exchange::read_ahead(Napi::Env env, std::uint64_t bytes) {
  // Allows one byte more than asked for, so that a body of exactly the allowed length is read to its end.
  allow_ahead(env, std::max<std::uint64_t>(bytes, high_water) + 1);
  const Napi::Value outcome = outcome_of_reading_ahead(env);
  if (!outcome.IsEmpty()) return outcome;
  environment().hold();
  return waiter_.emplace(env).Promise();
}

void Exchange::stop_reading_ahead(Napi::Env env) {
  allow_ahead(env, high_water);
  report_memory(env);
}

void Exchange::allow_ahead(Napi::Env env, std::uint64_t bytes) {
  if (waiter_) release_waiter().Resolve(Napi::Boolean::New(env, false));
  const std::lock_guard lock(stream_mutex_);
  max_ahead_ = bytes;
  room_.notify_all();
}

// Returns true when the response is over, and false when the lane has stopped. Returns an empty value while
// the lane is still reading.
Napi::Value Exchange::outcome_of_reading_ahead(Napi::Env env) {
  const bool over = done();
  if (over) {
    finish(env);  // the session is free
  } else {
    const std::lock_guard lock(stream_mutex_);
    waiter_watches_ = buffered() < max_ahead_;
    if (waiter_watches_) return {};
  }
  report_memory(env);
  return Napi::Boolean::New(env, over);
}

Napi::Promise::Deferred Exchange::release_waiter() {
  const Napi::Promise::Deferred waiter = *waiter_;
  waiter_.reset();
  environment().release();
  return waiter;
}

void Exchange::drop(Napi::Env env) {
  cancel();
  report_memory(env);
}

// V8 already knows of `high_water` bytes for each handle. Reports the bytes beyond this number, so that V8
// collects the handle of an unused response in time.
void Exchange::report_memory(Napi::Env env) {
  std::int64_t beyond = 0;
  if (!cancelled()) {
    const std::lock_guard lock(stream_mutex_);
    beyond = std::max<std::int64_t>(
        0, static_cast<std::int64_t>(buffered()) - static_cast<std::int64_t>(high_water));
  }
  const std::int64_t change = beyond - std::exchange(reported_, beyond);
  if (change != 0) Napi::MemoryManagement::AdjustExternalMemory(env, change);
}

// Returns a value for the reader, or an empty value when the reader has to wait. Throws when the response
// failed.
Napi::Value Exchange::next(Napi::Env env) {
  if (sink_ == Sink::Blocks) return next_block(env);
  return sink_ == Sink::Events ? next_batch(env) : collected(env);
}

// Returns a block, null at the end, or an empty value when the reader has to wait. Throws when the response
// failed.
Napi::Value Exchange::next_block(Napi::Env env) {
  const bool over = done();  // asked before the queue: the last bytes arrive before the end
  std::unique_lock lock(stream_mutex_);
  if (!full_.empty()) {
    Block block = std::move(full_.front());
    full_.erase(full_.begin());
    room_.notify_all();
    lock.unlock();
    if (reported_ > 0) report_memory(env);
    if (block.left() == 0) return next_block(env);  // JavaScript copied this block while it was open
    return block.take(env);
  }
  if (open_.left() > 0) {
    const Napi::Value value = open_.copy_left(env);
    room_.notify_all();
    return value;
  }
  reader_waits_ = true;
  lock.unlock();
  return ended(env, over);
}

// Returns null when the response is over, and otherwise an empty value. Throws when the response failed.
Napi::Value Exchange::ended(Napi::Env env, bool over) {
  if (!over) return {};
  finish(env);  // frees the session now, not in the next turn of the event loop
  if (!result_.ok()) throw failure();
  return env.Null();
}

// Returns the result of read_all() or write_to_fd() when the response is over, and otherwise an empty value.
// Throws when the response failed. If the lane ended before it noticed the destination, the result is the
// rest of the body.
Napi::Value Exchange::collected(Napi::Env env) {
  if (!done()) return {};
  const auto require_within_limit = [this] {
    if (sink_ == Sink::Memory && gathered_.size > limit_)
      throw range_failure("The response body is longer than " + std::to_string(limit_) + " bytes");
  };
  require_within_limit();
  if (write_error_ != 0) throw system_failure(write_error_, "write");
  if (!result_.ok()) throw failure();
  if (!sink_met_) gathered_ = take_buffered();
  if (reported_ > 0) report_memory(env);
  require_within_limit();
  if (sink_met_ && sink_ == Sink::Descriptor) return Napi::Number::New(env, static_cast<double>(written_));
  return gathered_.take(env);
}

}  // namespace neon
