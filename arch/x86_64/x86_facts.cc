// SPDX-License-Identifier: LGPL-2.1-or-later
#include "arch/x86_64/x86_facts.h"

#include <string>
#include <utility>

#include "arch/total_ram.h"
#include "kexec/xen_domain.h"
#include "kexec/xen_kexec.h"

namespace kexec {
namespace {

constexpr Alignment kPage = Alignment::Of<4096>();

constexpr size_t kFirstCpu = 8192;  // bytes; a record has about 1,500

std::string TextOrNote(Result<std::string> text, Diagnostics& diagnostics) {
  if (text) return *std::move(text);
  diagnostics.Note("{}", text.error().message());
  return {};
}

bool RunsFiveLevelPaging(const SystemRoot& root, std::string_view cpuinfo, Diagnostics& diagnostics) {
  // A kernel told no5lvl drops the flag as well; a recorded command line may say so without its cpuinfo.
  if (HasWord(TextOrNote(root.ReadText("proc/cmdline"), diagnostics), "no5lvl")) return false;
  return UsesFiveLevelPaging(cpuinfo);
}

// Gaps below 1 MiB that XenLoad fills with segments of its own: at most one piece of a plan lies there.
constexpr size_t kLowSegments = 2;

// Xen jumps, with its own limits and four levels of page tables. What the domain was told of ACPI and EFI is
// made for it: a PVH domain's root pointer, a paravirtual one's system table; and page 0 that it reads is not
// the machine's.
void CorrectForXen(X86Facts& facts, const SystemRoot& root, const IomemReport& iomem) {
  facts.live_update = FindXenLiveUpdate(iomem);
  facts.max_segments = kXenMaxSegments - kLowSegments;
  facts.total_ram_pages = 0;
  facts.five_level = false;
  facts.efi.reset();
  facts.acpi_rsdp = ReadAcpiRsdp(root, std::nullopt);
  facts.bios_data = !root.Exists("sys/firmware/efi");
}

}  // namespace

Result<std::string> ReadFirstCpu(const SystemRoot& root) {
  KEXEC_ASSIGN(const std::vector<std::byte> head, root.ReadHead("proc/cpuinfo", kFirstCpu));
  return std::string(reinterpret_cast<const char*>(head.data()), head.size());
}

bool UsesFiveLevelPaging(std::string_view cpuinfo) { return HasWord(FirstValue(cpuinfo, "flags"), "la57"); }

bool IsConfidentialGuest(std::string_view cpuinfo, const std::optional<BootParams>& running) {
  if (HasWord(FirstValue(cpuinfo, "flags"), "tdx_guest")) return true;
  return running && running->cc_blob_address != 0;
}

Result<X86Facts> ReadX86Facts(const SystemRoot& root, const Result<IomemReport>& iomem,
                              Diagnostics& diagnostics) {
  X86Facts facts;
  KEXEC_ASSIGN(facts.memory, ReadX86Memory(root, iomem, diagnostics));
  facts.total_ram_pages = ReadTotalRamPages(root, kPage, diagnostics);
  const std::string cpuinfo = TextOrNote(ReadFirstCpu(root), diagnostics);
  facts.five_level = RunsFiveLevelPaging(root, cpuinfo, diagnostics);
  facts.running = ReadRunningBootParams(root, diagnostics);
  facts.confidential_guest = IsConfidentialGuest(cpuinfo, facts.running);
  facts.efi = ReadEfi(root, facts.running, diagnostics);
  if (facts.efi && iomem) {
    facts.memory.handed_over = ReserveKept(facts.memory.handed_over, RuntimeRanges(*facts.efi), iomem->map);
  }
  facts.acpi_rsdp = ReadAcpiRsdp(root, facts.running);
  facts.framebuffer = ReadFramebuffer(root, diagnostics);
  facts.setup_data = ReadCarriedSetupData(root, diagnostics);
  facts.root = root.path();
  if (XenLoads(root) && iomem) CorrectForXen(facts, root, *iomem);
  return facts;
}

}  // namespace kexec
