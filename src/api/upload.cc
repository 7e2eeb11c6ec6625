#include "mooring/api/upload.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "mooring/api/body_parts.h"
#include "mooring/api/request_digests.h"
#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/blob/store.h"

namespace mooring {

namespace {

// Bodies up to this size that did not come with the head get a buffer of their own size.
constexpr std::size_t kSmallBodyBytesMax = 64_KiB;
// Until the file's first byte is known little is received at once: what comes behind a part's head
// has to be moved to the start of a chunk.
constexpr std::size_t kHeadReceiveBytes = 4_KiB;
// For parts behind a file: more than the largest part head.
constexpr std::size_t kRestBytes = 32_KiB;

using EventKind = BodyParts::EventKind;

}  // namespace

// One upload being received. The window [begin_, end_) of `memory_` holds the bytes that the parser
// has not consumed; the content of the file lies before it, from file_begin_ on.
//
// I1  On the large way the file begins at the start of its first chunk and fills every chunk but
// the last
//     to kChunkBytes exactly: buffer, file offset and O_DIRECT alignment agree.
// I2  While content_here_ holds, nothing in `memory_` from file_begin_ to begin_ is moved or
// overwritten.
class UploadReceiver {
 public:
  UploadReceiver(Exchange& exchange, const UploadRules& rules, Upload& upload, BodyParts parts,
                 RequestDigests digests)
      : body_(exchange.body),
        services_(exchange.services),
        rules_(rules),
        upload_(upload),
        parts_(std::move(parts)),
        digests_(std::move(digests)) {
    if (rules.wants_md5) md5_.emplace(ChecksumKind::md5);
  }

  [[nodiscard]] Task<Status> run();

 private:
  enum class Buffer : std::uint8_t { arrived, small, chunk, rest };
  enum class Part : std::uint8_t { none, text, file, skipped };

  [[nodiscard]] Task<Status> receive();
  [[nodiscard]] Task<Status> receive_more();
  [[nodiscard]] Task<Status> handle(BodyParts::Event event);
  [[nodiscard]] Task<Status> begin_part();
  [[nodiscard]] Task<void> take_buffer();
  [[nodiscard]] Task<void> take_chunk(std::size_t permits);
  void move_window_to_rest();
  [[nodiscard]] Task<Status> begin_large_file();
  [[nodiscard]] Task<Status> hand_over_chunk();
  [[nodiscard]] Task<Status> finish_file();
  [[nodiscard]] Task<Status> read_epilogue();
  [[nodiscard]] Status check_file_size();
  void hash_decided();
  void hash_rest(Bytes content);
  [[nodiscard]] bool starves_others() const;
  void move_window_to_front();
  [[nodiscard]] Bytes window() const { return {memory_ + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t file_bytes_here() const { return begin_ - file_begin_; }
  [[nodiscard]] std::optional<std::uint64_t> body_bytes_left() const;

  BodyReader& body_;
  CoreServices& services_;
  const UploadRules& rules_;
  Upload& upload_;
  BodyParts parts_;
  RequestDigests digests_;
  std::optional<Checksum> md5_;  // of the file's content

  ReceivedFile file_;  // owns the buffers, whether or not a file comes
  Buffer buffer_ = Buffer::arrived;
  std::byte* memory_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Part part_ = Part::none;
  bool body_ended_ = false;
  bool file_seen_ = false;
  bool content_here_ = false;
  std::vector<std::byte> rest_;  // what follows a file, where its own buffer has no room for it
  std::size_t file_begin_ = 0;
  std::uint64_t file_bytes_before_ = 0;  // in chunks that were handed over
  std::uint64_t body_bytes_seen_ = 0;
  std::uint64_t copied_bytes_ = 0;
  std::uint64_t chunk_taken_ns_ = 0;
  std::uint64_t receive_ns_ = 0;
  std::uint64_t hash_ns_ = 0;
  std::optional<StreamHash> hash_;  // of content that does not fit into one buffer
  std::size_t hashed_ = 0;          // of `memory_`, from the file's beginning in it
};

Task<Status> receive_upload(Exchange& exchange, const UploadRules& rules, Upload& upload) {
  // Before the body, so before any 100 Continue: shedding costs the client nothing but the head.
  upload.place = exchange.services.admission.enter();
  if (!upload.place) co_return fail(Errc::overloaded, "uploads in flight");
  Result<BodyParts> parts = BodyParts::of(exchange, rules);
  if (!parts) co_return std::unexpected(parts.error());
  Result<RequestDigests> digests = RequestDigests::of(exchange.head);
  if (!digests) co_return std::unexpected(digests.error());
  UploadReceiver receiver(exchange, rules, upload, std::move(*parts), std::move(*digests));
  Status received = co_await receiver.run();
  co_return received;
}

Task<void> drop_received(ReceivedFile& file) {
  if (file.landing_) {
    co_await file.landing_->abandon();
    file.landing_.reset();
  }
  file.content_ = {};
  file.chunk_.reset();
  file.permits_.reset();
  file.buffer_ = {};
}

// A finished landing holds no chunk any more, and nothing of it is in flight.
void give_back_chunks(ReceivedFile& file) {
  if (file.chunk_) {
    const std::size_t size = file.content_.size();
    file.buffer_ = std::make_unique_for_overwrite<std::byte[]>(size);
    std::ranges::copy(file.content_, file.buffer_.get());
    file.content_ = {file.buffer_.get(), size};
    file.chunk_.reset();
  }
  file.permits_.reset();
}

Task<Status> UploadReceiver::run() {
  Status received = co_await receive();
  if (!received) {
    co_await drop_received(file_);
    upload_.file.reset();
    co_return received;
  }
  if (file_seen_) {
    IngestCounters& counters = services_.counters;
    ++counters.uploads;
    counters.upload_bytes += file_.size_bytes;
    counters.copied_bytes += copied_bytes_;
    services_.stages.took(IngestStage::receive, receive_ns_);
    services_.stages.took(IngestStage::hash, hash_ns_);
    upload_.file = std::move(file_);
    upload_.place.servers_turn();
  } else {
    co_await drop_received(file_);
  }
  co_return Status{};
}

Task<Status> UploadReceiver::receive() {
  const Bytes arrived = body_.take_arrived();
  memory_ = const_cast<std::byte*>(arrived.data());  // never written to while buffer_ is `arrived`
  end_ = capacity_ = arrived.size();
  body_bytes_seen_ = arrived.size();
  if (!digests_.empty()) co_await digests_.update(services_.core, arrived);
  body_ended_ = body_.at_end();
  while (true) {
    const auto input = body_ended_ ? BodyParts::Input::at_end : BodyParts::Input::more_may_follow;
    Result<BodyParts::Event> event = parts_.next(window(), input);
    if (!event) co_return std::unexpected(event.error());
    Status handled = co_await handle(*event);
    if (!handled) co_return handled;
    if (event->kind == EventKind::done) break;
  }
  Status epilogue = co_await read_epilogue();
  co_return epilogue;
}

Task<Status> UploadReceiver::handle(BodyParts::Event event) {
  if (event.kind == EventKind::data && part_ == Part::text)
    upload_.fields.back().value += as_text(window().first(event.data_bytes));
  begin_ += event.consumed_bytes;
  switch (event.kind) {
    case EventKind::need_more:
      co_return co_await receive_more();
    case EventKind::part_begin:
      co_return co_await begin_part();
    case EventKind::data:
      if (hash_ && part_ == Part::file) hash_decided();
      co_return check_file_size();
    case EventKind::part_end: {
      const Part ended = part_;
      part_ = Part::none;
      if (ended != Part::file) co_return Status{};
      begin_ -= event.consumed_bytes;  // the content ends before the delimiter
      Status finished = co_await finish_file();
      begin_ += event.consumed_bytes;
      co_return finished;
    }
    case EventKind::done:
      co_return Status{};
  }
  co_return Status{};
}

Task<Status> UploadReceiver::begin_part() {
  const PartHead& head = parts_.part();
  if (!head.is_file()) {
    part_ = Part::text;
    upload_.fields.push_back({head.name, {}});
    co_return Status{};
  }
  part_ = head.name == rules_.file_field ? Part::file : Part::skipped;
  if (part_ == Part::skipped) co_return Status{};
  if (file_seen_) co_return fail(Errc::invalid, "the file field twice");
  file_seen_ = true;
  content_here_ = true;
  file_.filename = *head.filename;
  file_.declared_type = head.content_type;
  file_begin_ = begin_;
  const bool whole_body_is_here = body_ended_ || buffer_ == Buffer::small;
  if (whole_body_is_here) co_return Status{};
  Status begun = co_await begin_large_file();
  co_return begun;
}

// The file may be larger than a buffer: it begins at the start of a chunk (I1), and if it cannot
// fit into one, its landing is opened now, while the rest is on its way.
Task<Status> UploadReceiver::begin_large_file() {
  if (buffer_ == Buffer::arrived) co_await take_buffer();
  if (buffer_ == Buffer::small) {
    file_begin_ = begin_;
    co_return Status{};
  }
  move_window_to_front();
  file_begin_ = 0;
  const std::optional<std::uint64_t> left = body_bytes_left();
  if (left && *left + end_ > capacity_) {
    file_.landing_ = std::make_unique<Landing>(
        services_.blobs, std::min<std::uint64_t>(*left + end_, rules_.file_bytes_max));
    hash_.emplace();
  }
  co_return Status{};
}

std::optional<std::uint64_t> UploadReceiver::body_bytes_left() const {
  const std::optional<std::uint64_t> declared = body_.declared_bytes();
  if (!declared) return std::nullopt;
  return *declared - body_bytes_seen_;
}

// What came with the head is not the whole body: takes the buffer that the rest fits into, or the
// first of the chunks it will need, and copies what is there.
Task<void> UploadReceiver::take_buffer() {
  const Bytes rest = window();
  const std::optional<std::uint64_t> left = body_bytes_left();
  const std::uint64_t whole_bytes = rest.size() + left.value_or(UINT32_MAX);
  if (whole_bytes <= kSmallBodyBytesMax) {
    buffer_ = Buffer::small;
    file_.buffer_ = std::make_unique_for_overwrite<std::byte[]>(whole_bytes);
    memory_ = file_.buffer_.get();
    capacity_ = whole_bytes;
  } else if (whole_bytes <= kChunkBytes) {
    co_await take_chunk(1);
  } else {
    const bool fits_with_slack = whole_bytes <= kChunkBytes + kChunkSlackBytes;
    co_await take_chunk(fits_with_slack ? 2 : 1 + kLandingWritesMax);
  }
  if (!rest.empty()) std::memcpy(memory_, rest.data(), rest.size());
  copied_bytes_ += rest.size();
  begin_ = 0;
  end_ = rest.size();
}

Task<void> UploadReceiver::take_chunk(std::size_t permits) {
  Semaphore& chunk_permits = services_.core.chunk_permits();
  upload_.place.servers_turn();
  co_await chunk_permits.acquire(permits);
  upload_.place.clients_turn();
  chunk_taken_ns_ = monotonic_ns();
  file_.permits_ = Permits(chunk_permits, permits);
  file_.chunk_ = services_.core.chunks().lease();
  buffer_ = Buffer::chunk;
  memory_ = file_.chunk_.memory().data();
  // Behind a form's file its delimiter has to be seen; a raw file fills its chunks exactly.
  capacity_ = parts_.is_raw() ? kChunkBytes : file_.chunk_.memory().size();
}

// The content stays where it is, or is with the disk; what follows it goes on in a buffer of its
// own.
void UploadReceiver::move_window_to_rest() {
  const Bytes behind = window();
  rest_.resize(std::max(behind.size(), kRestBytes));
  if (!behind.empty()) std::memcpy(rest_.data(), behind.data(), behind.size());
  buffer_ = Buffer::rest;
  content_here_ = false;
  memory_ = rest_.data();
  capacity_ = rest_.size();
  begin_ = 0;
  end_ = behind.size();
}

void UploadReceiver::move_window_to_front() {
  const std::size_t size = end_ - begin_;
  if (begin_ == 0) return;
  std::memmove(memory_, memory_ + begin_, size);
  copied_bytes_ += size;
  begin_ = 0;
  end_ = size;
}

Task<Status> UploadReceiver::receive_more() {
  if (buffer_ == Buffer::arrived) co_await take_buffer();
  if (buffer_ == Buffer::chunk && part_ == Part::file && end_ == capacity_) {
    Status handed = co_await hand_over_chunk();
    if (!handed) co_return handed;
  }
  if (!content_here_) move_window_to_front();
  if (end_ == capacity_ && content_here_ && part_ != Part::file) move_window_to_rest();
  std::size_t room = capacity_ - end_;
  MOORING_CHECK(room > 0, "the parser wants more than a part's head at once");
  if (buffer_ == Buffer::chunk)
    room = std::min<std::uint64_t>(
        room, part_ == Part::file ? services_.settings.receive_bytes_max : kHeadReceiveBytes);
  const std::uint64_t began_ns = monotonic_ns();
  Result<std::size_t> received = co_await body_.read({memory_ + end_, room});
  receive_ns_ += monotonic_ns() - began_ns;
  if (!received) co_return std::unexpected(received.error());
  const Bytes fresh{memory_ + end_, *received};
  if (!digests_.empty()) co_await digests_.update(services_.core, fresh);
  end_ += *received;
  body_bytes_seen_ += *received;
  body_ended_ = *received == 0 || body_.at_end();
  if (body_bytes_seen_ > rules_.body_bytes_max) co_return fail(Errc::too_large, "an upload's body");
  if (buffer_ == Buffer::chunk && starves_others()) {
    ++services_.counters.admission.shed_slow;
    co_return fail(Errc::overloaded, "a slow body in buffers that others wait for");
  }
  co_return Status{};
}

bool UploadReceiver::starves_others() const {
  if (body_ended_ || services_.core.chunk_permits().waiting() == 0) return false;
  const std::uint64_t held_ns = monotonic_ns() - chunk_taken_ns_;
  if (held_ns <= services_.settings.contended_grace_ns) return false;
  const double wanted_bytes =
      static_cast<double>(services_.settings.contended_bytes_per_second_min) * 1e-9 *
      static_cast<double>(held_ns);
  return static_cast<double>(body_bytes_seen_) < wanted_bytes;
}

// A chunk is full of decided content: it goes to the disk, and what lies behind it moves to the
// next one.
Task<Status> UploadReceiver::hand_over_chunk() {
  if (!file_.landing_) file_.landing_ = std::make_unique<Landing>(services_.blobs, std::nullopt);
  if (file_bytes_before_ == 0) {
    file_.sniffed = sniff({memory_, kSniffBytes});
    file_.beginning_.assign(memory_, memory_ + std::min(rules_.beginning_bytes, kChunkBytes));
  }
  if (!hash_) hash_.emplace();
  hash_decided();
  if (md5_) co_await add_to_checksum(services_.core, *md5_, {memory_, kChunkBytes});
  co_await file_.landing_->room();
  ChunkLease full = std::move(file_.chunk_);
  const Bytes behind = Bytes(full.memory()).subspan(kChunkBytes, end_ - kChunkBytes);
  file_.chunk_ = services_.core.chunks().lease();
  memory_ = file_.chunk_.memory().data();
  std::memcpy(memory_, behind.data(), behind.size());
  copied_bytes_ += behind.size();
  begin_ -= kChunkBytes;
  end_ -= kChunkBytes;
  hashed_ -= kChunkBytes;
  file_bytes_before_ += kChunkBytes;
  Status written = co_await file_.landing_->write(std::move(full), kChunkBytes);
  co_return written;
}

// Content that is decided is hashed while it is in the CPU's cache, not when its chunk is full.
void UploadReceiver::hash_decided() {
  const std::uint64_t began_ns = monotonic_ns();
  hash_->update({memory_ + hashed_, begin_ - hashed_});
  hashed_ = begin_;
  hash_ns_ += monotonic_ns() - began_ns;
}

void UploadReceiver::hash_rest(Bytes content) {
  if (hash_) {
    hash_decided();
    file_.hash = hash_->finish();
    return;
  }
  const std::uint64_t began_ns = monotonic_ns();
  file_.hash = xxh3_128(content);
  hash_ns_ += monotonic_ns() - began_ns;
}

Status UploadReceiver::check_file_size() {
  if (part_ != Part::file) return {};
  const std::uint64_t seen = file_bytes_before_ + file_bytes_here();
  if (seen <= rules_.file_bytes_max) return {};
  // Rule P5: the size that Content-Length implies if there is one, else what was seen.
  upload_.file_bytes_seen = seen;
  if (const std::optional<std::uint64_t> left = body_bytes_left()) {
    const std::uint64_t total = seen + (end_ - begin_) + *left;
    const std::uint64_t closing = parts_.closing_bytes();
    upload_.file_bytes_seen = std::max(seen, total > closing ? total - closing : 0);
  }
  return fail(Errc::too_large, "an upload's file");
}

Task<Status> UploadReceiver::finish_file() {
  if (buffer_ == Buffer::chunk && file_bytes_here() > kChunkBytes) {  // it reaches into the slack
    Status handed = co_await hand_over_chunk();
    if (!handed) co_return handed;
  }
  const Bytes content{memory_ + file_begin_, file_bytes_here()};
  file_.size_bytes = file_bytes_before_ + content.size();
  if (file_bytes_before_ == 0)
    file_.sniffed = sniff(content.first(std::min(content.size(), kSniffBytes)));
  hash_rest(content);
  if (md5_) {
    co_await add_to_checksum(services_.core, *md5_, content);
    std::ranges::copy(md5_->finish(), file_.md5.emplace().begin());
  }
  upload_.file_bytes_seen = file_.size_bytes;
  if (file_bytes_before_ == 0) {
    file_.content_ = content;
    if (file_.landing_) {  // opened for nothing: the file was smaller than the body promised
      co_await file_.landing_->abandon();
      file_.landing_.reset();
    }
    co_return Status{};
  }
  const std::size_t tail_bytes = begin_;
  ChunkLease last = std::move(file_.chunk_);
  move_window_to_rest();
  if (tail_bytes > 0) {
    Status written = co_await file_.landing_->write(std::move(last), tail_bytes);
    if (!written) co_return written;
  }
  Status finished = co_await file_.landing_->finish();
  co_return finished;
}

Task<Status> UploadReceiver::read_epilogue() {
  std::array<std::byte, 1024> scratch;
  while (!body_.at_end()) {
    Result<std::size_t> read = co_await body_.read(scratch);
    if (!read) co_return std::unexpected(read.error());
    if (!digests_.empty()) co_await digests_.update(services_.core, Bytes(scratch).first(*read));
    body_bytes_seen_ += *read;
    if (body_bytes_seen_ > rules_.body_bytes_max) co_return fail(Errc::too_large, "an epilogue");
  }
  co_return digests_.verify();
}

}  // namespace mooring
