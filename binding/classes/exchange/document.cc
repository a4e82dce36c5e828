// How Exchange parses a body that is an XML document. The JavaScript thread parses the body until the lane
// notices that parse() was called. After that, the lane parses it.
#include "classes/exchange/document.h"

#include <algorithm>
#include <cstring>

#include "classes/exchange/exchange.h"

namespace neon {

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
  parse_gathered();  // the block that the JavaScript thread has begun to parse
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

// Takes the next part of gathered_. The part is small, because the JavaScript thread may be the one that
// parses it.
std::string_view Exchange::slice() {
  const std::size_t from = gathered_.taken;
  gathered_.taken += std::min<std::size_t>(gathered_.left(), 16 * 1024);
  return {gathered_.memory.get() + from, gathered_.taken - from};
}

// Parses a block. An empty block is the end of the document. Returns false when the document is not
// well-formed, or when the exchange was cancelled.
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

// Called with each batch that the parser has filled. On the lane, waits here while JavaScript has
// `max_batches` full batches to take.
bool Exchange::flush(std::unique_ptr<EventBatch> batch) {
  std::deque<std::unique_ptr<EventBatch>> &full = document_->full;
  std::unique_lock lock(stream_mutex_);
  full.push_back(std::move(batch));
  if (parses_here_) return true;
  const bool reader_waits = std::exchange(reader_waits_, false), enough = full.size() >= max_batches;
  lock.unlock();
  if (reader_waits) environment().post(shared_from_this());
  if (!enough || cancelled()) return !cancelled();
  wait_for_room([&] { return full.size() < max_batches; });
  return !cancelled();
}

// Takes some of the received bytes that JavaScript has not taken yet. Copies bytes out of the open block,
// since the lane may be reading into this block. Called under the lock.
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

// Parses the bytes that have arrived, until there is a batch for JavaScript. Does nothing once the lane has
// noticed parse(), because the lane then parses.
void Exchange::parse_here(bool over) {
  Document &document = *document_;
  for (;;) {
    std::unique_lock lock(stream_mutex_);
    if (sink_met_ || document.over || document.open || !document.full.empty()) return;
    if (gathered_.left() == 0) gathered_ = take_next();
    const bool last = gathered_.left() == 0;
    if (last && !over) return;
    document.over = last;
    if (last && !result_.ok()) return;  // the response failed: the end of the document is missing
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

// Returns a batch, null at the end of the document, or an empty value when the reader has to wait. Throws
// when the response failed.
Napi::Value Exchange::next_batch(Napi::Env env) {
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
  if (batch) return batch->value(env);
  if (document_->failed) throw CallResult{NE_ERROR, document_->parser.error()}.failure();
  return ended(env, over);
}

}  // namespace neon
