// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/vmcore_builder.h"

#include <algorithm>

#include <fmt/format.h>

namespace kexec::testing {
namespace {

constexpr uint64_t RoundUp(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

uint64_t FlagsAndLevel(DumpFlavour flavour, unsigned level) {
  return flavour.big_endian ? level : level << 5;
}

// Positions and ids in the lockless log, as kernel/printk/printk_ringbuffer.c keeps them.
class LocklessWriter {
 public:
  LocklessWriter(DumpFlavour flavour, LocklessShape shape)
      : shape_(shape), kernel_(flavour), word_(kernel_.word()), position_(uint64_t{0} - text_size()) {
    kernel_.Allocate("prb", word_);
    kernel_.Allocate("rb", 11 * word_);
    kernel_.Allocate("descs", count() * 3 * word_);
    kernel_.Allocate("infos", count() * kInfoSize);
    kernel_.Allocate("text", text_size());
  }

  void Add(const DumpedRecord& record) {
    ++id_;
    const uint64_t index = id_ & (count() - 1);
    const uint64_t desc = kernel_.At("descs") + index * 3 * word_;
    uint64_t begin = 3, next = 3;  // NO_LPOS
    if (!record.text.empty()) Place(record.text, begin, next);
    kernel_.PokeWord(desc, StateVar(id_, record.finished ? 2 : 0));
    kernel_.PokeWord(desc + word_, begin);
    kernel_.PokeWord(desc + 2 * word_, next);
    const uint64_t info = kernel_.At("infos") + index * kInfoSize;
    kernel_.Poke(info, sequence_++, 8);
    kernel_.Poke(info + 8, record.nanoseconds, 8);
    kernel_.Poke(info + 16, record.text.size(), 2);
    kernel_.Poke(info + 18, record.facility, 1);
    kernel_.Poke(info + 19, FlagsAndLevel(kernel_.flavour(), record.level), 1);
    kernel_.Poke(info + 20, record.caller, 4);
    live_.push_back({id_, begin});
    while (live_.size() > count()) live_.erase(live_.begin());
  }

  DumpedKernel Finish() {
    for (const Live& live : live_) {
      if (live.begin == 3 || ((position_ - live.begin) & word_mask()) <= text_size()) continue;
      const uint64_t desc = kernel_.At("descs") + (live.id & (count() - 1)) * 3 * word_;
      kernel_.PokeWord(desc, StateVar(live.id, 3));  // its text is overwritten: reusable
    }
    const uint64_t rb = kernel_.At("rb");
    kernel_.PokeWord(kernel_.At("prb"), rb);
    kernel_.Poke(rb, shape_.count_bits, 4);
    kernel_.PokeWord(rb + word_, kernel_.At("descs"));
    kernel_.PokeWord(rb + 2 * word_, kernel_.At("infos"));
    kernel_.PokeWord(rb + 3 * word_, id_ & id_mask());
    kernel_.PokeWord(rb + 4 * word_, (live_.size() < count() ? FirstId() : live_.front().id) & id_mask());
    kernel_.Poke(rb + 6 * word_, shape_.size_bits, 4);
    kernel_.PokeWord(rb + 7 * word_, kernel_.At("text"));
    if (live_.size() < count()) {
      kernel_.PokeWord(kernel_.At("descs") + (FirstId() & (count() - 1)) * 3 * word_, StateVar(FirstId(), 3));
    }
    Describe();
    return std::move(kernel_);
  }

 private:
  struct Live {
    uint64_t id, begin;
  };
  static constexpr uint64_t kInfoSize = 88;
  uint64_t count() const { return uint64_t{1} << shape_.count_bits; }
  uint64_t text_size() const { return uint64_t{1} << shape_.size_bits; }
  uint64_t word_mask() const { return word_ == 8 ? ~uint64_t{0} : 0xffffffff; }
  uint64_t id_mask() const { return word_mask() >> 2; }
  uint64_t FirstId() const { return uint64_t{0} - (count() + 1); }  // DESC0_ID: ids wrap early, on purpose
  uint64_t StateVar(uint64_t id, uint64_t state) const { return (id & id_mask()) | state << (word_ * 8 - 2); }

  void Place(const std::string& text, uint64_t& begin, uint64_t& next) {
    const uint64_t size = RoundUp(word_ + text.size(), word_);
    begin = position_;
    next = begin + size;
    uint64_t place = begin;
    const uint64_t last = shape_.fills_ring ? next - 1 : next;
    if (begin / text_size() != last / text_size()) {
      place = next / text_size() * text_size();
      next = place + size;
      kernel_.PokeWord(kernel_.At("text") + (begin & (text_size() - 1)), id_ & id_mask());
    }
    position_ = next;
    const uint64_t block = kernel_.At("text") + (place & (text_size() - 1));
    kernel_.PokeWord(block, id_ & id_mask());
    kernel_.PokeText(block + word_, text);
  }

  void Describe() {
    const auto size = [&](const char* name, uint64_t bytes) {
      kernel_.Info(fmt::format("SIZE({})={}", name, bytes));
    };
    const auto field = [&](const char* name, uint64_t at) {
      kernel_.Info(fmt::format("OFFSET({})={}", name, at));
    };
    kernel_.Symbol("prb", kernel_.At("prb"));
    size("printk_ringbuffer", 11 * word_);
    field("printk_ringbuffer.desc_ring", 0);
    field("printk_ringbuffer.text_data_ring", 6 * word_);
    field("printk_ringbuffer.fail", 10 * word_);
    size("prb_desc_ring", 6 * word_);
    field("prb_desc_ring.count_bits", 0);
    field("prb_desc_ring.descs", word_);
    field("prb_desc_ring.infos", 2 * word_);
    field("prb_desc_ring.head_id", 3 * word_);
    field("prb_desc_ring.tail_id", 4 * word_);
    size("prb_desc", 3 * word_);
    field("prb_desc.state_var", 0);
    field("prb_desc.text_blk_lpos", word_);
    size("prb_data_blk_lpos", 2 * word_);
    field("prb_data_blk_lpos.begin", 0);
    field("prb_data_blk_lpos.next", word_);
    size("printk_info", kInfoSize);
    field("printk_info.seq", 0);
    field("printk_info.ts_nsec", 8);
    field("printk_info.text_len", 16);
    field("printk_info.caller_id", 20);
    field("printk_info.dev_info", 24);
    size("prb_data_ring", 4 * word_);
    field("prb_data_ring.size_bits", 0);
    field("prb_data_ring.data", word_);
    size("atomic_long_t", word_);
    field("atomic_long_t.counter", 0);
  }

  LocklessShape shape_;
  DumpedKernel kernel_;
  uint64_t word_;
  uint64_t position_;
  uint64_t id_ = FirstId();
  uint64_t sequence_ = 0;
  std::vector<Live> live_;
};

constexpr unsigned kLogHeader = 16;  // struct printk_log without CONFIG_PRINTK_CALLER

void PokeLogRecord(DumpedKernel& kernel, uint64_t at, const DumpedRecord& record, uint64_t length,
                   std::string_view dictionary) {
  kernel.Poke(at, record.nanoseconds, 8);
  kernel.Poke(at + 8, length, 2);
  kernel.Poke(at + 10, record.text.size(), 2);
  kernel.Poke(at + 12, dictionary.size(), 2);
  kernel.Poke(at + 14, record.facility, 1);
  kernel.Poke(at + 15, FlagsAndLevel(kernel.flavour(), record.level), 1);
  kernel.PokeText(at + kLogHeader, record.text);
  kernel.PokeText(at + kLogHeader + record.text.size(), dictionary);
}

}  // namespace

std::string NameOf(const DumpFlavour& flavour) {
  return fmt::format("elf{}{}", flavour.is_64bit ? 64 : 32, flavour.big_endian ? "be" : "le");
}

DumpedKernel::DumpedKernel(DumpFlavour flavour)
    : flavour_(flavour), base_(flavour.is_64bit ? 0xffff888000100000 : 0xc0100000) {
  Info("OSRELEASE=6.1.0-test");
  Info("PAGESIZE=4096");
}

uint64_t DumpedKernel::Allocate(const std::string& name, uint64_t size) {
  const uint64_t offset = RoundUp(memory_.size(), 16);
  memory_.resize(offset + size);
  places_[name] = base_ + offset;
  return base_ + offset;
}

void DumpedKernel::Poke(uint64_t virt, uint64_t value, unsigned size) {
  Packer packer(flavour_.is_64bit, flavour_.big_endian);
  packer.Uint(value, size);
  std::ranges::copy(packer.bytes(), memory_.begin() + static_cast<ptrdiff_t>(virt - base_));
}

void DumpedKernel::PokeText(uint64_t virt, std::string_view text) {
  std::ranges::copy(Packer(true, false).Text(text).bytes(),
                    memory_.begin() + static_cast<ptrdiff_t>(virt - base_));
}

void DumpedKernel::Symbol(const std::string& name, uint64_t virt) {
  Info(fmt::format("SYMBOL({})={:x}", name, virt));
}

void DumpedKernel::SetInfo(const std::string& key, const std::string& value) {
  const size_t begin = info_.find(key + "=");
  if (begin != std::string::npos) info_.erase(begin, info_.find('\n', begin) + 1 - begin);
  if (!value.empty()) Info(key + "=" + value);
}

std::vector<std::byte> DumpedKernel::BuildAt(uint64_t virt, uint64_t phys, uint16_t machine) const {
  const uint16_t usual = flavour_.is_64bit ? (flavour_.big_endian ? 21 : 62) : (flavour_.big_endian ? 20 : 3);
  ElfCoreBuilder builder(flavour_.is_64bit, flavour_.big_endian, machine != 0 ? machine : usual);
  builder.AddNote("CORE", 1, std::string(336, 'r'));
  builder.AddNote("VMCOREINFO", 0, info_);
  builder.Add({1, virt, phys, memory_});
  return builder.Build();
}

DumpedKernel LocklessKernel(DumpFlavour flavour, const std::vector<DumpedRecord>& records,
                            LocklessShape shape) {
  LocklessWriter writer(flavour, shape);
  for (const DumpedRecord& record : records) writer.Add(record);
  return writer.Finish();
}

DumpedKernel StructuredKernel(DumpFlavour flavour, const std::vector<DumpedRecord>& records, unsigned size) {
  DumpedKernel kernel(flavour);
  for (const char* name : {"log_buf", "log_buf_len", "log_first_idx", "log_next_idx"}) {
    kernel.Symbol(name, kernel.Allocate(name, 8));
  }
  const uint64_t ring = kernel.Allocate("ring", size);
  struct Live {
    uint64_t begin, end;
  };
  std::vector<Live> live;
  uint64_t next = 0;
  for (const DumpedRecord& record : records) {
    const std::string_view dictionary = record.facility == 1 ? "SUBSYSTEM=test" : "";
    const uint64_t length = RoundUp(kLogHeader + record.text.size() + dictionary.size(), 8);
    if (next + length + kLogHeader > size) {  // room for the mark that says "go on at the start"
      std::erase_if(live, [&](const Live& old) { return old.begin >= next; });
      kernel.PokeText(ring + next, std::string(kLogHeader, '\0'));
      next = 0;
    }
    const uint64_t end = next + length;
    // The kernel keeps room for one more mark, so that a full ring does not look like an empty one.
    std::erase_if(live, [&](const Live& old) { return old.begin < end + kLogHeader && old.end > next; });
    PokeLogRecord(kernel, ring + next, record, length, dictionary);
    live.push_back({next, end});
    next = end;
  }
  kernel.PokeWord(kernel.At("log_buf"), ring);
  kernel.Poke(kernel.At("log_buf_len"), size, 4);
  kernel.Poke(kernel.At("log_first_idx"), live.empty() ? 0 : live.front().begin, 4);
  kernel.Poke(kernel.At("log_next_idx"), next, 4);
  kernel.Info(fmt::format("SIZE(printk_log)={}", kLogHeader));
  kernel.Info("OFFSET(printk_log.ts_nsec)=0");
  kernel.Info("OFFSET(printk_log.len)=8");
  kernel.Info("OFFSET(printk_log.text_len)=10");
  kernel.Info("OFFSET(printk_log.dict_len)=12");
  return kernel;
}

DumpedKernel PlainKernel(DumpFlavour flavour, const std::string& text, unsigned size) {
  DumpedKernel kernel(flavour);
  for (const char* name : {"log_buf", "log_buf_len", "log_end", "logged_chars"}) {
    kernel.Symbol(name, kernel.Allocate(name, 8));
  }
  const uint64_t ring = kernel.Allocate("ring", size);
  for (size_t i = 0; i < text.size(); ++i) kernel.PokeText(ring + i % size, text.substr(i, 1));
  kernel.PokeWord(kernel.At("log_buf"), ring);
  kernel.Poke(kernel.At("log_buf_len"), size, 4);
  kernel.Poke(kernel.At("log_end"), text.size(), 4);
  kernel.Poke(kernel.At("logged_chars"), std::min<uint64_t>(text.size(), size), 4);
  return kernel;
}

std::vector<std::byte> Flattened(const std::vector<std::byte>& dump, size_t piece) {
  Packer out(true, true);
  out.Text("makedumpfile").PadTo(16).Uint(1, 8).Uint(1, 8).PadTo(4096);
  const auto add = [&](size_t begin) {
    const size_t size = std::min(piece, dump.size() - begin);
    out.Uint(begin, 8).Uint(size, 8).Raw(Bytes(dump).subspan(begin, size));
  };
  for (size_t begin = piece; begin < dump.size(); begin += piece) add(begin);
  add(0);
  out.Uint(~uint64_t{0}, 8).Uint(~uint64_t{0}, 8);
  return std::move(out.bytes());
}

std::vector<DumpedRecord> OrdinaryRecords() {
  std::vector<DumpedRecord> records = {
      {0, "Linux version 6.1.0-test", 5},
      {0, "Command line: console=ttyS0", 6},
      {1'234'567'890, "two lines\nin one record", 4, 3},
      {12'000'000'999, "tab\there, bell\a, escape\x1b[1m, backslash \\x41, caf\xc3\xa9", 6, 1, 0x80000001},
      {99'999'999'999'999, "", 6, 0, 42},
  };
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  records.push_back({100'000'000'000'000'000, bytes.substr(0, 128), 7});
  records.push_back({100'000'000'000'001'000, bytes.substr(128), 7});
  records.push_back({100'000'000'000'002'000, "Kernel panic - not syncing: sysrq triggered crash", 0});
  return records;
}

}  // namespace kexec::testing
