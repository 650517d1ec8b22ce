// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/emu/emulator.h"

#include <unicorn/unicorn.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "tests/emu/page_tables.h"

namespace kexec {
namespace {

constexpr uint64_t kPage = 0x1000;
// Far from every segment: page tables, start code and descriptor table of the "old kernel".
constexpr uint64_t kScratch = uint64_t{0x80} << 30;
constexpr uint64_t kStartCode = kScratch, kStartTable = kScratch + 0x800, kPageTables = kScratch + kPage;
constexpr uint64_t kTimeLimitMicroseconds = 120'000'000;
constexpr uint64_t kEferMsr = 0xc0000080;

uc_engine* Engine(void* engine) { return static_cast<uc_engine*>(engine); }

void Check(uc_err error, const char* what) {
  if (error != UC_ERR_OK) throw std::runtime_error(std::string(what) + ": " + uc_strerror(error));
}

constexpr std::array kGeneral = {UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX,
                                 UC_X86_REG_RSP, UC_X86_REG_RBP, UC_X86_REG_RSI, UC_X86_REG_RDI,
                                 UC_X86_REG_R8,  UC_X86_REG_R9,  UC_X86_REG_R10, UC_X86_REG_R11,
                                 UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15};

void Append(std::vector<uint8_t>& code, std::initializer_list<uint8_t> bytes) {
  code.insert(code.end(), bytes);
}
void Append64(std::vector<uint8_t>& code, uint64_t value) {
  for (int i = 0; i < 8; i++) code.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

// mov rax, value
void LoadRax(std::vector<uint8_t>& code, uint64_t value) {
  Append(code, {0x48, 0xb8});
  Append64(code, value);
}

}  // namespace

struct Emulator::Hooks {
  static uint32_t In(uc_engine*, uint32_t port, int, void* self) {
    return static_cast<Emulator*>(self)->ports_.Read(static_cast<uint16_t>(port));
  }
  static void Out(uc_engine* engine, uint32_t port, int, uint32_t value, void* self) {
    auto* machine = static_cast<Emulator*>(self);
    machine->ports_.Write(static_cast<uint16_t>(port), value);
    if (machine->ports_.reset.empty()) return;
    machine->stop_ = Stop::kReset;
    uc_emu_stop(engine);
  }
  static void Interrupt(uc_engine* engine, uint32_t number, void* self) {
    auto* machine = static_cast<Emulator*>(self);
    machine->stop_ = Stop::kFault;
    machine->detail_ = "exception " + std::to_string(number);
    uc_emu_stop(engine);
  }
  static bool Unmapped(uc_engine*, uc_mem_type, uint64_t address, int size, int64_t, void* self) {
    auto* machine = static_cast<Emulator*>(self);
    machine->stop_ = Stop::kFault;
    char text[80];
    std::snprintf(text, sizeof(text), "access to 0x%llx (%d bytes): no memory there",
                  static_cast<unsigned long long>(address), size);
    machine->detail_ = text;
    return false;
  }
};

Emulator::Emulator(const Options& options) : options_(options) {
  uc_engine* engine = nullptr;
  Check(uc_open(UC_ARCH_X86, UC_MODE_64, &engine), "uc_open");
  engine_ = engine;
  // The oldest 64-bit CPU for four levels; five-level paging needs a CPU that has it.
  Check(uc_ctl_set_cpu_model(engine, options_.five_level ? UC_CPU_X86_ICELAKE_SERVER : UC_CPU_X86_QEMU64),
        "cpu model");
  uc_hook hook;
  const auto add = [&](int type, auto* callback, int instruction) {
    Check(uc_hook_add(engine, &hook, type, reinterpret_cast<void*>(callback), this, 1, 0, instruction),
          "hook");
  };
  add(UC_HOOK_INSN, &Hooks::In, UC_X86_INS_IN);
  add(UC_HOOK_INSN, &Hooks::Out, UC_X86_INS_OUT);
  add(UC_HOOK_INTR, &Hooks::Interrupt, 0);
  add(UC_HOOK_MEM_UNMAPPED, &Hooks::Unmapped, 0);
}

Emulator::~Emulator() { uc_close(Engine(engine_)); }

void Emulator::Map(uint64_t begin, uint64_t end) {
  for (uint64_t page = begin & ~(kPage - 1); page < end; page += kPage) {
    uint64_t run_end = page;
    while (run_end < end && pages_.insert(run_end).second) run_end += kPage;
    if (run_end == page) continue;
    Check(uc_mem_map(Engine(engine_), page, run_end - page, UC_PROT_ALL), "uc_mem_map");
    page = run_end - kPage;
  }
}

void Emulator::LoadSegment(uint64_t address, Bytes bytes, uint64_t memory_size, uint8_t fill) {
  Map(address, address + memory_size);
  Write(address, bytes);
  const std::vector<std::byte> rest(memory_size - bytes.size(), std::byte{fill});
  Write(address + bytes.size(), rest);
}

void Emulator::Write(uint64_t address, Bytes bytes) {
  if (!bytes.empty())
    Check(uc_mem_write(Engine(engine_), address, bytes.data(), bytes.size()), "uc_mem_write");
}

std::vector<std::byte> Emulator::Read(uint64_t address, size_t size) const {
  std::vector<std::byte> bytes(size);
  Check(uc_mem_read(Engine(engine_), address, bytes.data(), size), "uc_mem_read");
  return bytes;
}

std::string Emulator::ReadText(uint64_t address, size_t size) const {
  std::string text;
  for (const std::byte byte : Read(address, size)) text += static_cast<char>(byte);
  return text;
}

void Emulator::BuildPageTables(uint64_t stop_address) {
  std::set<uint64_t> gigabytes = {kScratch >> 30, stop_address >> 30};
  for (const uint64_t page : pages_) gigabytes.insert(page >> 30);
  const std::vector<uint64_t> tables = IdentityPageTables(kPageTables, gigabytes, options_.five_level);
  Map(kScratch, kPageTables + tables.size() * 8);
  Write(kPageTables, std::as_bytes(std::span(tables)));
}

// Runs the instructions that bring a CPU into the state the old kernel leaves: selectors that are not those
// of the boot protocol, and a descriptor table that is gone.
void Emulator::EnterLongMode() {
  const std::array<uint64_t, 8> table = {
      0, 0, 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x3f | (kStartTable << 16), kStartTable >> 48};
  Write(kStartTable, std::as_bytes(std::span(table)));
  std::vector<uint8_t> code;
  LoadRax(code, kPageTables);
  Append(code, {0x0f, 0x22, 0xd8});  // mov cr3, rax
  LoadRax(code, options_.cr4 | (options_.five_level ? 0x1000 : 0));
  Append(code, {0x0f, 0x22, 0xe0});                                      // mov cr4, rax
  Append(code, {0xb9, 0x80, 0x00, 0x00, 0xc0});                          // mov ecx, MSR_EFER
  Append(code, {0xb8, 0x00, 0x01, 0x00, 0x00, 0x31, 0xd2, 0x0f, 0x30});  // LME
  LoadRax(code, options_.cr0 & ~uint64_t{0xc});                          // EM and TS last
  Append(code, {0x0f, 0x22, 0xc0});                                      // mov cr0, rax
  LoadRax(code, kStartTable + 48);
  Append(code, {0x0f, 0x01, 0x10});  // lgdt [rax]
  Append(code, {0xb8, 0x28, 0x00, 0x00, 0x00, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0x8e, 0xe0, 0x8e, 0xe8});
  LoadRax(code, kScratch + 0xff0);
  Append(code, {0x48, 0x89, 0xc4});  // mov rsp, rax
  Append(code, {0x6a, 0x20});        // push the code selector, the next address; lretq
  LoadRax(code, kStartCode + code.size() + 10 + 3);
  Append(code, {0x50, 0x48, 0xcb});
  LoadRax(code, options_.cr0);
  Append(code, {0x0f, 0x22, 0xc0, 0x90});
  Write(kStartCode, std::as_bytes(std::span(code)));
  Check(uc_emu_start(Engine(engine_), kStartCode, kStartCode + code.size() - 1, kTimeLimitMicroseconds, 0),
        "entering long mode");
  for (size_t i = 0; i < kGeneral.size(); i++) {
    const uint64_t garbage = 0xdead'0000'beef'0000 + i;
    const uint64_t value = i == kRsp && options_.rsp != 0 ? options_.rsp : garbage;
    Check(uc_reg_write(Engine(engine_), kGeneral[i], &value), "uc_reg_write");
  }
  const uint64_t flags = 0xed7;  // direction and interrupt flags set, like all arithmetic ones
  Check(uc_reg_write(Engine(engine_), UC_X86_REG_EFLAGS, &flags), "eflags");
  const uc_x86_mmr nothing = {0, 0, 0, 0};
  Check(uc_reg_write(Engine(engine_), UC_X86_REG_GDTR, &nothing), "gdtr");
  Check(uc_reg_write(Engine(engine_), UC_X86_REG_IDTR, &nothing), "idtr");
}

Emulator::Stop Emulator::RunTo(uint64_t entry, uint64_t stop_address) {
  if (!started_) {
    BuildPageTables(stop_address);
    EnterLongMode();
    started_ = true;
  }
  stop_ = Stop::kReached;
  const uc_err error =
      uc_emu_start(Engine(engine_), entry - CodeBase(), stop_address, kTimeLimitMicroseconds, 0);
  if (stop_ != Stop::kReached) return stop_;
  if (error != UC_ERR_OK) {
    detail_ = uc_strerror(error);
    return Stop::kFault;
  }
  return pc() == stop_address ? Stop::kReached : Stop::kTooLong;
}

uint64_t Emulator::ReadReg(int unicorn_register) const {
  uint64_t value = 0;
  Check(uc_reg_read(Engine(engine_), unicorn_register, &value), "uc_reg_read");
  return value;
}

uint64_t Emulator::reg(Reg which) const { return ReadReg(kGeneral[which]); }

void Emulator::set_reg(Reg which, uint64_t value) {
  Check(uc_reg_write(Engine(engine_), kGeneral[which], &value), "uc_reg_write");
}

// Unicorn counts from the code segment's begin.
uint64_t Emulator::CodeBase() const { return (cr0() & 1) != 0 ? 0 : uint64_t{cs()} * 16; }
uint64_t Emulator::pc() const { return CodeBase() + ReadReg(UC_X86_REG_RIP); }

uint64_t Emulator::cr0() const { return ReadReg(UC_X86_REG_CR0); }
uint64_t Emulator::cr3() const { return ReadReg(UC_X86_REG_CR3); }
uint64_t Emulator::cr4() const { return ReadReg(UC_X86_REG_CR4); }
uint64_t Emulator::flags() const { return ReadReg(UC_X86_REG_EFLAGS); }
uint16_t Emulator::cs() const { return static_cast<uint16_t>(ReadReg(UC_X86_REG_CS)); }

uint64_t Emulator::efer() const {
  uc_x86_msr msr = {static_cast<uint32_t>(kEferMsr), 0};
  Check(uc_reg_read(Engine(engine_), UC_X86_REG_MSR, &msr), "rdmsr");
  return msr.value;
}

std::vector<uint16_t> Emulator::data_segments() const {
  std::vector<uint16_t> selectors;
  for (const int segment : {UC_X86_REG_DS, UC_X86_REG_ES, UC_X86_REG_FS, UC_X86_REG_GS, UC_X86_REG_SS})
    selectors.push_back(static_cast<uint16_t>(ReadReg(segment)));
  return selectors;
}

std::pair<uint64_t, uint32_t> Emulator::interrupt_table() const {
  uc_x86_mmr table = {};
  Check(uc_reg_read(Engine(engine_), UC_X86_REG_IDTR, &table), "idtr");
  return {table.base, table.limit};
}

uint64_t Emulator::descriptor(uint16_t selector) const {
  uc_x86_mmr table = {};
  Check(uc_reg_read(Engine(engine_), UC_X86_REG_GDTR, &table), "gdtr");
  if (selector + 7U > table.limit) throw std::runtime_error("selector beyond the descriptor table");
  uint64_t value = 0;
  std::memcpy(&value, Read(table.base + selector, 8).data(), 8);
  return value;
}

}  // namespace kexec
