// What Exchange does with a response that does not cross whole.
#include <fcntl.h>
#include <limits.h>
#include <ne_request.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "error.h"
#include "exchange.h"

namespace neon {

int Exchange::receive_stream(ne_request *request, Block block) {
  open_ = std::move(block);
  head_posted_ = true;
  environment().post(shared_from_this());
  arrived_ = open_.size;
  add(0);
  while (!cancelled()) {
    const Sink wanted = sink();
    if (wanted == Sink::Memory) return receive_gathered(request);
    if (wanted == Sink::Descriptor) return receive_diverted(request);
    const ssize_t count = pull(request, open_.end(), open_.room());
    if (count <= 0) return count == 0 ? NE_OK : NE_ERROR;
    arrived_ += static_cast<std::uint64_t>(count);
    add(static_cast<std::size_t>(count));
  }
  return NE_ERROR;
}

Exchange::Sink Exchange::sink() {
  const std::lock_guard lock(stream_mutex_);
  sink_met_ = sink_ != Sink::Blocks;
  return sink_;
}

// What was received and not taken, as one block.
Block Exchange::all_there_is() {
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

int Exchange::receive_gathered(ne_request *request) {
  gathered_ = all_there_is();
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

int Exchange::receive_diverted(ne_request *request) {
  {
    const Block first = all_there_is();
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

// Neither a slow disk nor a slow reader of a pipe is a server that stalls, and an abort ends this too.
bool Exchange::write_out(const char *bytes, std::size_t size) {
  session_->connection.pause();
  struct stat status {};
  const bool is_file = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  int error = 0;
  while (size > 0 && error == 0 && !cancelled()) {
    pollfd writable{descriptor_, POLLOUT, 0};
    if (!is_file && ::poll(&writable, 1, 50) == 0) continue;
    // A pipe that is writable takes so much without waiting.
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

// The lane read so many bytes into the open block: counts them in, and waits while JavaScript has enough to
// take.
void Exchange::add(std::size_t count) {
  std::unique_lock lock(stream_mutex_);
  open_.size += count;
  if (open_.room() == 0) {
    full_.push_back(std::move(open_));
    open_ = Block(block_size);
  }
  if (std::exchange(reader_waits_, false)) {
    lock.unlock();
    environment().post(shared_from_this());
    return;
  }
  if (buffered() < high_water) return;
  lock.unlock();
  session_->connection.pause();
  {
    const SafePoint outside;
    lock.lock();
    room_.wait(lock, [this] { return buffered() < high_water || cancelled() || sink_ != Sink::Blocks; });
    lock.unlock();
  }
  session_->connection.resume();
}

std::size_t Exchange::buffered() const {
  std::size_t sum = open_.left();
  for (const Block &block : full_) sum += block.left();
  return sum;
}

void Exchange::deliver(napi_env env) {
  if (done())
    finish(env);
  else
    settle(env);
  napi_value block;
  if (!reader_) return;
  const napi_deferred reader = reader_;
  try {
    if (!(sink_ == Sink::Blocks ? next_block(env, &block) : collected(env, &block))) return;
    let_go_of_reader();
    check(env, napi_resolve_deferred(env, reader, block));
  } catch (const Failure &failure) {
    let_go_of_reader();
    check(env, napi_reject_deferred(env, reader, to_error(env, failure)));
  }
}

void Exchange::let_go_of_reader() {
  reader_ = nullptr;
  environment().release();
}

// True when there is a block, or null for the end; throws when the response failed.
bool Exchange::next_block(napi_env env, napi_value *value) {
  const bool over = done();  // asked before the queue is looked at: the last bytes come before the end
  std::unique_lock lock(stream_mutex_);
  if (!full_.empty()) {
    Block block = std::move(full_.front());
    full_.erase(full_.begin());
    room_.notify_all();
    lock.unlock();
    if (block.left() == 0) return next_block(env, value);  // JavaScript has had it, while it was the open one
    *value = block.take(env);
    return true;
  }
  if (open_.left() > 0) {
    *value = open_.copy_left(env);
    room_.notify_all();
    return true;
  }
  reader_waits_ = true;
  lock.unlock();
  if (!over) return false;
  finish(env);  // the session is free when its response has ended, not a turn of the loop later
  if (code_ != NE_OK) throw failure();
  *value = null(env);
  return true;
}

napi_value Exchange::read(napi_env env) {
  if (reader_) throw neon_failure(code::invalid_state, "The response is being read already");
  napi_value value;
  if (next_block(env, &value)) return value;
  check(env, napi_create_promise(env, &reader_, &value));
  environment().hold();
  return value;
}

napi_value Exchange::gather(napi_env env, std::uint64_t limit) {
  limit_ = limit;
  return collect(env, Sink::Memory);
}

napi_value Exchange::divert(napi_env env, int descriptor) {
  descriptor_ = descriptor;
  return collect(env, Sink::Descriptor);
}

napi_value Exchange::collect(napi_env env, Sink sink) {
  if (reader_ || sink_ != Sink::Blocks)
    throw neon_failure(code::invalid_state, "The response is being read already");
  {
    const std::lock_guard lock(stream_mutex_);
    sink_ = sink;
    room_.notify_all();
  }
  napi_value value;
  if (delivered() && collected(env, &value)) return value;
  check(env, napi_create_promise(env, &reader_, &value));
  environment().hold();
  return value;
}

// True when all is there; throws when the response failed. The lane may have ended without having met the
// sink.
bool Exchange::collected(napi_env env, napi_value *value) {
  if (!done()) return false;
  if (gathered_.size > limit_ && sink_ == Sink::Memory)
    throw range_failure("The response body is longer than " + std::to_string(limit_) + " bytes");
  if (write_error_ != 0) throw system_failure(write_error_, "write");
  if (code_ != NE_OK) throw failure();
  if (!sink_met_) gathered_ = all_there_is();
  if (sink_ == Sink::Memory && gathered_.size > limit_)
    throw range_failure("The response body is longer than " + std::to_string(limit_) + " bytes");
  *value =
      sink_met_ && sink_ == Sink::Descriptor ? from(env, static_cast<double>(written_)) : gathered_.take(env);
  return true;
}

}  // namespace neon
