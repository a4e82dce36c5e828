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

#include "classes/exchange/exchange.h"
#include "core/error.h"

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
    if (wanted == Sink::Events) return receive_events(request);
    const ssize_t count = pull(request, open_.end(), open_.room());
    if (count <= 0) return count == 0 ? NE_OK : NE_ERROR;
    arrived_ += static_cast<std::uint64_t>(count);
    add(static_cast<std::size_t>(count));
  }
  return NE_ERROR;
}

Exchange::Sink Exchange::sink() {
  std::unique_lock lock(stream_mutex_);
  room_.wait(lock, [this] { return !parses_here_; });
  sink_met_ = sink_ != Sink::Blocks;
  return sink_;
}

// What was received and not taken, as one block.
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

int Exchange::receive_gathered(ne_request *request) {
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

int Exchange::receive_diverted(ne_request *request) {
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

void Exchange::deliver(Napi::Env env) {
  if (done())
    finish(env);
  else
    settle(env);
  napi_value block;
  if (!reader_) return;
  const napi_deferred reader = reader_;
  try {
    if (!next(env, &block)) return;
    release_reader();
    check(env, napi_resolve_deferred(env, reader, block));
  } catch (const Failure &failure) {
    release_reader();
    check(env, napi_reject_deferred(env, reader, to_error(env, failure)));
  }
}

void Exchange::release_reader() {
  reader_ = nullptr;
  environment().release();
}

// True when there is something for the reader; throws when the response failed.
bool Exchange::next(napi_env env, napi_value *value) {
  if (sink_ == Sink::Blocks) return next_block(env, value);
  return sink_ == Sink::Events ? next_batch(env, value) : collected(env, value);
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
  return ended(env, value, over);
}

bool Exchange::ended(napi_env env, napi_value *value, bool over) {
  if (!over) return false;
  finish(env);  // the session is free when its response has ended, not a turn of the loop later
  if (code_ != NE_OK) throw failure();
  *value = null(env);
  return true;
}

napi_value Exchange::read(napi_env env) {
  if (reader_) throw neon_failure(code::invalid_state, "The response is being read already");
  napi_value value;
  if (next(env, &value)) return value;
  check(env, napi_create_promise(env, &reader_, &value));
  environment().hold();
  return value;
}

napi_value Exchange::read_all(napi_env env, std::uint64_t limit) {
  limit_ = limit;
  return collect(env, Sink::Memory);
}

napi_value Exchange::write_to_fd(napi_env env, int descriptor) {
  descriptor_ = descriptor;
  return collect(env, Sink::Descriptor);
}

void Exchange::turn_to(Sink sink, std::unique_ptr<Document> document) {
  if (reader_ || sink_ != Sink::Blocks)
    throw neon_failure(code::invalid_state, "The response is being read already");
  const std::lock_guard lock(stream_mutex_);
  sink_ = sink;
  document_ = std::move(document);
  room_.notify_all();
}

napi_value Exchange::collect(napi_env env, Sink sink) {
  turn_to(sink);
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
  if (!sink_met_) gathered_ = take_buffered();
  if (sink_ == Sink::Memory && gathered_.size > limit_)
    throw range_failure("The response body is longer than " + std::to_string(limit_) + " bytes");
  *value =
      sink_met_ && sink_ == Sink::Descriptor ? from(env, static_cast<double>(written_)) : gathered_.take(env);
  return true;
}

// --- Documents --------------------------------------------------------------------------------------------

void Exchange::parse(unsigned wanted, const std::string &charset) {
  turn_to(Sink::Events,
          std::make_unique<Document>(wanted, charset, [this](std::unique_ptr<EventBatch> batch) {
            return flush(std::move(batch));
          }));
}

int Exchange::receive_events(ne_request *request) {
  bool well_formed = true;
  const auto parse_gathered = [&] {
    while (well_formed && !cancelled() && gathered_.left() > 0) well_formed = parse_block(slice());
  };
  parse_gathered();  // what the JavaScript thread has begun with
  gathered_ = take_buffered();
  parse_gathered();
  gathered_ = Block();
  const Memory memory = allocate(whole_limit);
  while (well_formed && !cancelled()) {
    const ssize_t count = pull(request, memory.get(), whole_limit);
    if (count < 0) return NE_ERROR;
    well_formed = parse_block({memory.get(), static_cast<std::size_t>(count)});
    if (well_formed && count == 0) return NE_OK;
  }
  if (!cancelled()) ne_set_error(session_->c(), "%s", document_->parser.error().c_str());
  return NE_ERROR;
}

// So little that the JavaScript thread may parse it, too.
std::string_view Exchange::slice() {
  const std::size_t from = gathered_.taken;
  gathered_.taken += std::min<std::size_t>(gathered_.left(), 16 * 1024);
  return {gathered_.memory.get() + from, gathered_.taken - from};
}

// False when it is not well-formed, or nobody wants to know. An empty block is the end of the document.
bool Exchange::parse_block(std::string_view block) {
  Document &document = *document_;
  {
    const std::lock_guard lock(stream_mutex_);
    document.parser.give_back(std::move(document.open));
  }
  const bool well_formed = document.parser.parse(block);
  std::unique_lock lock(stream_mutex_);
  document.open = document.parser.take();
  if (!document.open || parses_here_ || !std::exchange(reader_waits_, false)) return well_formed;
  lock.unlock();
  environment().post(shared_from_this());
  return well_formed;
}

// The parser has filled a batch. On the lane it waits here while JavaScript has enough to take.
bool Exchange::flush(std::unique_ptr<EventBatch> batch) {
  std::deque<std::unique_ptr<EventBatch>> &full = document_->full;
  std::unique_lock lock(stream_mutex_);
  full.push_back(std::move(batch));
  if (parses_here_) return true;
  const bool reader_waits = std::exchange(reader_waits_, false), enough = full.size() >= max_ahead;
  lock.unlock();
  if (reader_waits) environment().post(shared_from_this());
  if (!enough || cancelled()) return !cancelled();
  session_->connection.pause();
  {
    const SafePoint outside;
    lock.lock();
    room_.wait(lock, [&] { return full.size() < max_ahead || cancelled(); });
    lock.unlock();
  }
  session_->connection.resume();
  return !cancelled();
}

// Some of what was received and not taken; the lane may be reading into the open block. Under the lock.
Block Exchange::take_next() {
  Block some;
  while (some.left() == 0 && !full_.empty()) {
    some = std::move(full_.front());
    full_.erase(full_.begin());
  }
  if (some.left() == 0 && open_.left() > 0) {
    some = Block(open_.left());
    std::memcpy(some.end(), open_.memory.get() + open_.taken, open_.left());
    some.size = open_.left();
    open_.taken = open_.size;
  }
  return some;
}

// As long as the lane does not know of the document: parses what there is, until there is a batch.
void Exchange::parse_here(bool over) {
  Document &document = *document_;
  for (;;) {
    std::unique_lock lock(stream_mutex_);
    if (sink_met_ || document.over || document.open || !document.full.empty()) return;
    if (gathered_.left() == 0) gathered_ = take_next();
    const bool last = gathered_.left() == 0;
    if (last && !over) return;
    document.over = last;
    if (last && code_ != NE_OK) return;  // it is not the end of the document
    parses_here_ = true;
    lock.unlock();
    const bool well_formed = parse_block(slice());
    lock.lock();
    parses_here_ = false;
    room_.notify_all();
    if (well_formed) continue;
    document.over = document.failed = true;
    lock.unlock();
    if (!over) cancel();
  }
}

// True when there is a batch, or null for the end of the document; throws when the response failed.
bool Exchange::next_batch(napi_env env, napi_value *value) {
  const bool over = done();
  parse_here(over);
  std::unique_lock lock(stream_mutex_);
  std::deque<std::unique_ptr<EventBatch>> &full = document_->full;
  std::unique_ptr<EventBatch> batch = std::move(full.empty() ? document_->open : full.front());
  if (!full.empty()) {
    full.pop_front();
    room_.notify_all();
  }
  reader_waits_ = !batch;
  lock.unlock();
  if (batch) {
    *value = batch->value(env);
    return true;
  }
  if (document_->failed) throw result_failure(NE_ERROR, document_->parser.error());
  return ended(env, value, over);
}

}  // namespace neon
