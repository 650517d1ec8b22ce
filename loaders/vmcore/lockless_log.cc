// SPDX-License-Identifier: LGPL-2.1-or-later
// struct printk_ringbuffer, Linux 5.10 and later (kernel/printk/printk_ringbuffer.c, "Data Structure"): a
// ring of descriptors, beside it a ring of as many printk_info, and a ring of text:
//
//      tail_id ... head_id       ids of descriptors; an id's low bits index both arrays
//      desc  { state_var: the id it holds now, with 2 bits of state on top
//              begin, next: where its text is }
//      text  [id | characters]   at `begin` modulo the ring's size; at its start if it would leave the ring
//
// Ids and positions count on forever, modulo a `long` of the kernel.
#include <algorithm>

#include "loaders/vmcore/log_reader.h"

namespace kexec {
namespace {

enum : uint64_t { kReserved = 0, kCommitted = 1, kFinalized = 2, kReusable = 3 };
constexpr uint64_t kDataless = 1;       // lowest bit of begin and next: a record without text
constexpr uint64_t kMaxCountBits = 26;  // log_buf_len is at most 2 GiB, a descriptor for 32 characters of it
constexpr uint64_t kMaxSizeBits = 31;

struct Layout {
  uint64_t rb_size, rb_desc_ring, rb_text_ring;
  uint64_t ring_size, ring_count_bits, ring_descs, ring_infos, ring_head, ring_tail;
  uint64_t data_size, data_size_bits, data_data;
  uint64_t desc_size, desc_state, desc_text, lpos_begin, lpos_next;
  uint64_t info_size, info_sequence, info_time, info_text_len, info_caller;
  uint64_t counter;
};

Result<Layout> ReadLayout(const VmcoreInfo& info, uint64_t word) {
  LogFacts facts(info);
  Layout at{};
  at.counter = facts.Field("atomic_long_t.counter", facts.Size("atomic_long_t"), word);
  const uint64_t atomic = at.counter + word;
  at.ring_size = facts.Size("prb_desc_ring");
  at.ring_count_bits = facts.Field("prb_desc_ring.count_bits", at.ring_size, 4);
  at.ring_descs = facts.Field("prb_desc_ring.descs", at.ring_size, word);
  at.ring_infos = facts.Field("prb_desc_ring.infos", at.ring_size, word);
  at.ring_head = facts.Field("prb_desc_ring.head_id", at.ring_size, atomic);
  at.ring_tail = facts.Field("prb_desc_ring.tail_id", at.ring_size, atomic);
  at.data_size = facts.Size("prb_data_ring");
  at.data_size_bits = facts.Field("prb_data_ring.size_bits", at.data_size, 4);
  at.data_data = facts.Field("prb_data_ring.data", at.data_size, word);
  at.rb_size = facts.Size("printk_ringbuffer");
  at.rb_desc_ring = facts.Field("printk_ringbuffer.desc_ring", at.rb_size, at.ring_size);
  at.rb_text_ring = facts.Field("printk_ringbuffer.text_data_ring", at.rb_size, at.data_size);
  const uint64_t lpos_size = facts.Size("prb_data_blk_lpos");
  at.lpos_begin = facts.Field("prb_data_blk_lpos.begin", lpos_size, word);
  at.lpos_next = facts.Field("prb_data_blk_lpos.next", lpos_size, word);
  at.desc_size = facts.Size("prb_desc");
  at.desc_state = facts.Field("prb_desc.state_var", at.desc_size, atomic);
  at.desc_text = facts.Field("prb_desc.text_blk_lpos", at.desc_size, lpos_size);
  at.info_size = facts.Size("printk_info");
  at.info_sequence = facts.Field("printk_info.seq", at.info_size, 8);
  at.info_time = facts.Field("printk_info.ts_nsec", at.info_size, 8);
  at.info_text_len = facts.Field("printk_info.text_len", at.info_size, 2);
  at.info_caller = facts.Field("printk_info.caller_id", at.info_size, 4);
  KEXEC_TRY(facts.Complete());
  return at;
}

// The rings of one dump, their bounds checked.
class Ring {
 public:
  static Result<Ring> Open(const DumpMemory& memory, const VmcoreInfo& info);
  void TellAll(LogSink& sink) const;

 private:
  struct Text {
    uint64_t virt;
    uint64_t size;
  };
  explicit Ring(const DumpMemory& memory) : memory_(memory) {}
  Result<> CheckBounds() const;
  uint64_t word_mask() const { return memory_.is_64bit() ? ~uint64_t{0} : uint64_t{0xffffffff}; }
  unsigned state_shift() const { return memory_.pointer_size() * 8 - 2; }
  uint64_t id_mask() const { return word_mask() >> 2; }
  // `text_left`: texts never overlap, so all of them together fit into the ring.
  Result<> Tell(uint64_t id, uint64_t& text_left, LogSink& sink) const;
  Result<Text> FindText(uint64_t id, uint64_t begin, uint64_t next) const;

  const DumpMemory& memory_;
  Layout at_{};
  uint64_t count_ = 0;  // of descriptors; a power of two
  uint64_t descs_ = 0, infos_ = 0;
  uint64_t head_ = 0, tail_ = 0;  // ids
  uint64_t text_ = 0, text_size_ = 0;
};

Result<Ring> Ring::Open(const DumpMemory& memory, const VmcoreInfo& info) {
  Ring ring(memory);
  const unsigned word = memory.pointer_size();
  KEXEC_ASSIGN(ring.at_, ReadLayout(info, word));
  const Layout& at = ring.at_;
  KEXEC_ASSIGN(const uint64_t address, memory.ReadPointer(*info.Symbol("prb")), "pointer 'prb'");
  KEXEC_ASSIGN(const Piece rb, Piece::Read(memory, address, at.rb_size), "struct printk_ringbuffer");
  const auto desc_field = [&](uint64_t field, unsigned size) {
    return rb.Uint(at.rb_desc_ring + field, size);
  };
  const uint64_t count_bits = desc_field(at.ring_count_bits, 4);
  const uint64_t size_bits = rb.Uint(at.rb_text_ring + at.data_size_bits, 4);
  if (count_bits > kMaxCountBits || size_bits > kMaxSizeBits || size_bits < 5) {
    return Fail(Errc::kMalformed,
                "printk_ringbuffer says 2^{} descriptors and 2^{} characters, which cannot be", count_bits,
                size_bits);
  }
  ring.count_ = uint64_t{1} << count_bits;
  ring.text_size_ = uint64_t{1} << size_bits;
  ring.descs_ = desc_field(at.ring_descs, word);
  ring.infos_ = desc_field(at.ring_infos, word);
  ring.head_ = desc_field(at.ring_head + at.counter, word) & ring.id_mask();
  ring.tail_ = desc_field(at.ring_tail + at.counter, word) & ring.id_mask();
  ring.text_ = rb.Uint(at.rb_text_ring + at.data_data, word);
  KEXEC_TRY(ring.CheckBounds());
  return ring;
}

Result<> Ring::CheckBounds() const {
  if (count_ > memory_.stored() / at_.desc_size) {
    return Fail(Errc::kMalformed, "printk_ringbuffer says {} descriptors, the dump has {:#x} bytes", count_,
                memory_.stored());
  }
  if (((head_ - tail_) & id_mask()) >= count_) {
    return Fail(Errc::kMalformed, "printk_ringbuffer's ids go from {:#x} to {:#x}, it has {} descriptors",
                tail_, head_, count_);
  }
  // An array that is not there at all is worth one sentence, not one for each record.
  std::byte first[1];
  KEXEC_TRY(memory_.Read(descs_, first), "printk_ringbuffer's descriptors");
  KEXEC_TRY(memory_.Read(infos_, first), "printk_ringbuffer's infos");
  KEXEC_TRY(memory_.Read(text_, first), "printk_ringbuffer's text");
  return {};
}

Result<Ring::Text> Ring::FindText(uint64_t id, uint64_t begin, uint64_t next) const {
  if ((begin & kDataless) != 0 && (next & kDataless) != 0) return Text{0, 0};
  const unsigned word = memory_.pointer_size();
  const uint64_t length = (next - begin) & word_mask();
  const uint64_t index = begin & (text_size_ - 1);
  Text block{text_ + index, length};
  if (length > text_size_ - index) {  // it would have left the ring: it starts at index 0, and ends at `next`
    block = {text_, next & (text_size_ - 1)};
  }
  if (block.size < word || length > 2 * text_size_ || begin % word != 0) {
    return Fail(Errc::kMalformed, "id {:#x}: text from {:#x} to {:#x} in a ring of {:#x}", id, begin, next,
                text_size_);
  }
  KEXEC_ASSIGN(const uint64_t owner, memory_.ReadPointer(block.virt));
  if (owner != id) return Fail(Errc::kMalformed, "id {:#x}: its text belongs to id {:#x}", id, owner);
  return Text{block.virt + word, block.size - word};
}

Result<> Ring::Tell(uint64_t id, uint64_t& text_left, LogSink& sink) const {
  const unsigned word = memory_.pointer_size();
  const uint64_t index = id & (count_ - 1);
  KEXEC_ASSIGN(const Piece desc, Piece::Read(memory_, descs_ + index * at_.desc_size, at_.desc_size));
  const uint64_t state_var = desc.Uint(at_.desc_state + at_.counter, word);
  const uint64_t state = state_var >> state_shift();
  // Reserved: its writer never finished. Another id, or reusable: overwritten, or not yet taken.
  if ((state_var & id_mask()) != id || (state != kCommitted && state != kFinalized)) return {};
  KEXEC_ASSIGN(const Piece info, Piece::Read(memory_, infos_ + index * at_.info_size, at_.info_size));
  KEXEC_ASSIGN(const Text text, FindText(id, desc.Uint(at_.desc_text + at_.lpos_begin, word),
                                         desc.Uint(at_.desc_text + at_.lpos_next, word)));
  const uint64_t length = std::min(text.size, info.Uint(at_.info_text_len, 2));
  if (length > text_left) return Fail(Errc::kMalformed, "id {:#x}: its text overlaps another one's", id);
  text_left -= length;
  std::vector<std::byte> characters(length);
  KEXEC_TRY(memory_.Read(text.virt, characters), fmt::format("id {:#x}", id));
  LogRecord record;
  record.sequence = info.Uint(at_.info_sequence, 8);
  record.nanoseconds = info.Uint(at_.info_time, 8);
  record.caller = static_cast<uint32_t>(info.Uint(at_.info_caller, 4));
  if (at_.info_caller == at_.info_text_len + 4) {
    TakeLevel(info.Uint(at_.info_text_len + 2, 1), info.Uint(at_.info_text_len + 3, 1), memory_.big_endian(),
              record);
  }
  record.text = {reinterpret_cast<const char*>(characters.data()), characters.size()};
  sink.Record(record);
  return {};
}

void Ring::TellAll(LogSink& sink) const {
  DamageCount damage;
  const uint64_t records = ((head_ - tail_) & id_mask()) + 1;
  uint64_t text_left = std::min(text_size_, memory_.stored());
  for (uint64_t i = 0; i < records; ++i) {
    const Result<> told = Tell((tail_ + i) & id_mask(), text_left, sink);
    if (!told.has_value()) damage.Add(told.error().message());
  }
  damage.Tell(sink);
}

}  // namespace

Result<> ReadLocklessLog(const DumpMemory& memory, const VmcoreInfo& info, LogSink& sink) {
  KEXEC_ASSIGN(const Ring ring, Ring::Open(memory, info));
  ring.TellAll(sink);
  return {};
}

}  // namespace kexec
