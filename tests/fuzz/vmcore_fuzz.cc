// SPDX-License-Identifier: GPL-2.0-or-later
// A dump, from its first byte to the printed log. It ends, every record's text came out of the dump, and what
// a failure says is one sentence.
#include "fuzz_input.h"
#include "loaders/vmcore/kernel_log.h"

namespace kexec {
namespace {

using testing::Require;

class CheckingSink final : public LogSink {
 public:
  explicit CheckingSink(uint64_t stored) : stored_(stored) {}
  void Record(const LogRecord& record) override {
    ++records_;
    text_ += record.text.size();
    Require(!record.level || *record.level <= 7);
  }
  void Damage(std::string what) override {
    Require(!what.empty() && what.size() < 500);
    Require(++damages_ == 1);
  }
  // Every record takes at least a byte of the dump, but one without text in a ring takes none of its own.
  void Check() const { Require(records_ <= 2 * stored_ && text_ <= 2 * stored_); }

 private:
  uint64_t stored_;
  uint64_t records_ = 0, text_ = 0, damages_ = 0;
};

void CheckError(const Error& error) { Require(!error.message().empty() && error.message().size() < 4000); }

Result<> Run(std::vector<std::byte> file) {
  KEXEC_ASSIGN(const OpenedDump dump, OpenDump(SourceOfBytes(SharedBytes::Own(std::move(file)))));
  KEXEC_ASSIGN(const VmcoreInfo info, ReadVmcoreInfo(dump));
  KEXEC_ASSIGN(const LogFormat format, FindLogFormat(info));
  CheckingSink sink(dump.source->stored());
  KEXEC_TRY(ReadKernelLog(DumpMemory(dump, info), info, format, sink));
  sink.Check();
  return {};
}

}  // namespace
}  // namespace kexec

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const kexec::Result<> done = kexec::Run({bytes, bytes + size});
  if (!done.has_value()) kexec::CheckError(done.error());
  return 0;
}
