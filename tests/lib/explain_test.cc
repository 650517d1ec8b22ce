// SPDX-License-Identifier: GPL-2.0-or-later
// Whole sentences, from made-up machines.
#include "kexec/explain.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cerrno>
#include <functional>
#include <set>

#include "tests/support/scratch_root.h"

namespace kexec::testing {
namespace {

constexpr CallFacts kLoad{.call = KexecCall::kLoad, .bytes = 600 << 20, .flags = 0x3e0000};
constexpr CallFacts kFile{.call = KexecCall::kFileLoad, .bytes = 600 << 20};
constexpr CallFacts kCrash{.call = KexecCall::kLoad, .kind = LoadKind::kCrash, .bytes = 60 << 20, .flags = 1};
constexpr CallFacts kUnload{.call = KexecCall::kLoad, .unload = true};
constexpr CallFacts kUnloadFile{.call = KexecCall::kFileLoad, .unload = true, .flags = 1};
constexpr CallFacts kReboot{.call = KexecCall::kReboot};

// A root shell on a healthy machine with 1 GiB.
void Healthy(ScratchRoot& root) {
  root.File("proc/self/status", "Name:\tkexec\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n")
      .File("proc/self/uid_map", "         0          0 4294967295\n")
      .File("proc/meminfo",
            "MemTotal:        1048576 kB\nMemFree:          102400 kB\nMemAvailable:     307200 kB\n")
      .File("proc/sys/kernel/osrelease", "6.1.0-test\n")
      .File("proc/sys/kernel/arch", "x86_64\n")
      .File("proc/sys/kernel/kexec_load_disabled", "0\n")
      .File("proc/sys/kernel/kexec_load_limit_reboot", "-1\n")
      .File("proc/sys/kernel/kexec_load_limit_panic", "-1\n")
      .File("sys/kernel/kexec_loaded", "0\n")
      .File("sys/kernel/kexec_crash_size", "268435456\n");
}

std::string EfiVariable(char value) { return std::string("\x06\0\0\0", 4) + value; }
constexpr const char* kSecureBoot =
    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
constexpr const char* kSetupMode = "sys/firmware/efi/efivars/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c";

void LockedDown(ScratchRoot& root) {
  root.File("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
}

struct Row {
  const char* what;
  CallFacts facts;
  int sys_errno;
  std::function<void(ScratchRoot&)> machine;
  const char* sentence;
};

class Explains : public ::testing::TestWithParam<Row> {};

TEST_P(Explains, WithOneSentence) {
  ScratchRoot scratch;
  Healthy(scratch);
  if (GetParam().machine) GetParam().machine(scratch);
  EXPECT_EQ(Explain(GetParam().facts, GetParam().sys_errno, scratch.root()), GetParam().sentence);
}

const auto kPlain = nullptr;

const Row kPermission[] = {
    {"not_root", kLoad, EPERM,
     [](ScratchRoot& r) { r.File("proc/self/status", "CapEff:\t0000000000000000\n"); },
     "kexec_load: Operation not permitted: this process lacks CAP_SYS_BOOT; run as root"},
    {"root_without_the_capability", kReboot, EPERM,
     [](ScratchRoot& r) { r.File("proc/self/status", "CapEff:\t000001ffffbfffff\n"); },
     "reboot: Operation not permitted: this process lacks CAP_SYS_BOOT; run as root"},
    {"root_of_a_user_namespace", kFile, EPERM,
     [](ScratchRoot& r) { r.File("proc/self/uid_map", "0 1000 1\n"); },
     "kexec_file_load: Operation not permitted: root inside a user namespace (a container) has no "
     "CAP_SYS_BOOT on the "
     "machine; run it outside"},
    {"disabled", kFile, EPERM, [](ScratchRoot& r) { r.File("proc/sys/kernel/kexec_load_disabled", "1\n"); },
     "kexec_file_load: Operation not permitted: kernel.kexec_load_disabled is 1, which stays so until the "
     "next boot; "
     "reboot, and find who sets it (sysctl.d)"},
    {"limit_reboot", kLoad, EPERM,
     [](ScratchRoot& r) { r.File("proc/sys/kernel/kexec_load_limit_reboot", "0\n"); },
     "kexec_load: Operation not permitted: kernel.kexec_load_limit_reboot is 0: no load or unload of this "
     "kind is left "
     "until the next boot"},
    {"limit_panic", kCrash, EPERM,
     [](ScratchRoot& r) { r.File("proc/sys/kernel/kexec_load_limit_panic", "0\n"); },
     "kexec_load: Operation not permitted: kernel.kexec_load_limit_panic is 0: no load or unload of this "
     "kind is left "
     "until the next boot"},
    {"lockdown", kLoad, EPERM, LockedDown,
     "kexec_load: Operation not permitted: kernel lockdown is 'integrity'; use kexec -s with a signed "
     "kernel"},
    {"lockdown_and_secure_boot", kLoad, EPERM,
     [](ScratchRoot& r) {
       LockedDown(r);
       r.File(kSecureBoot, EfiVariable(1)).File(kSetupMode, EfiVariable(0));
     },
     "kexec_load: Operation not permitted: kernel lockdown is 'integrity' (Secure Boot is on); use kexec -s "
     "with a "
     "signed kernel"},
    {"lockdown_unload", kUnload, EPERM, LockedDown,
     "kexec_load (unload): Operation not permitted: kernel lockdown is 'integrity'; use kexec -s -u"},
    {"lockdown_unsigned_file", kFile, EPERM, LockedDown,
     "kexec_file_load: Operation not permitted: kernel lockdown is 'integrity' and the image has no "
     "signature this "
     "kernel trusts; use a signed kernel, or enrol its key (mokutil --import)"},
    {"lockdown_without_signatures", kFile, EPERM,
     [](ScratchRoot& r) {
       LockedDown(r);
       r.File("boot/config-6.1.0-test", "CONFIG_KEXEC_FILE=y\n# CONFIG_KEXEC_SIG is not set\n");
     },
     "kexec_file_load: Operation not permitted: kernel lockdown is 'integrity' and this kernel cannot verify "
     "images (no "
     "CONFIG_KEXEC_SIG); boot with lockdown off"},
    {"seccomp", kLoad, EPERM,
     [](ScratchRoot& r) { r.File("proc/self/status", "CapEff:\t000001ffffffffff\nSeccomp:\t2\n"); },
     "kexec_load: Operation not permitted: a seccomp filter (a container or a service's sandbox) forbids the "
     "call; run "
     "it outside"},
    {"nothing_explains_it", kLoad, EPERM,
     [](ScratchRoot& r) { r.File("sys/kernel/security/lockdown", "[none] integrity confidentiality\n"); },
     "kexec_load: Operation not permitted: capability, sysctls, lockdown and seccomp all allow it, so a "
     "security module "
     "refused; see the kernel log (dmesg)"},
    {"ima_load", kLoad, EACCES, kPlain,
     "kexec_load: Permission denied: a security policy (IMA appraisal, SELinux) allows only images it can "
     "verify; use "
     "kexec -s"},
    {"ima_file", kFile, EACCES, [](ScratchRoot& r) { r.File(kSecureBoot, EfiVariable(0)); },
     "kexec_file_load: Permission denied: a security policy (IMA appraisal, SELinux) rejects this file "
     "(Secure Boot is "
     "off); sign it as the policy asks, see the kernel log (dmesg)"},
};

const Row kSignature[] = {
    {"unsigned", kFile, ENODATA, [](ScratchRoot& r) { r.File(kSecureBoot, EfiVariable(1)); },
     "kexec_file_load: No data available: the image carries no signature, and the kernel demands one (Secure "
     "Boot is "
     "on); sign it (sbsign), or use a signed kernel"},
    {"rejected", kFile, EKEYREJECTED, kPlain,
     "kexec_file_load: Key was rejected by service: the signature does not fit the image, or its key is "
     "forbidden (dbx, "
     "blacklist keyring); use an image that is intact and signed with a valid key"},
    {"unknown_key", kFile, ENOKEY,
     [](ScratchRoot& r) { r.File(kSecureBoot, EfiVariable(0)).File(kSetupMode, EfiVariable(1)); },
     "kexec_file_load: Required key not available: the key that signed the image is not in the kernel's "
     "keyrings "
     "(Secure Boot is in setup mode); enrol its certificate (mokutil --import)"},
    {"expired", kFile, EKEYEXPIRED, kPlain,
     "kexec_file_load: Key has expired: the key that signed the image has expired; use an image signed with "
     "a valid "
     "key"},
    {"revoked", kFile, EKEYREVOKED, kPlain,
     "kexec_file_load: Key has been revoked: the key that signed the image was revoked; use an image signed "
     "with a "
     "valid key"},
    {"no_pe", kFile, ELIBBAD, kPlain,
     "kexec_file_load: Accessing a corrupted shared library: the image is no intact PE file, so the kernel "
     "finds no "
     "signature in it; use the file as it was signed, not unpacked or changed"},
    {"bad_signature", kFile, EBADMSG, kPlain,
     "kexec_file_load: Bad message: the signature in the image is malformed; sign the image again"},
    {"no_algorithm", kFile, ENOPKG, kPlain,
     "kexec_file_load: Package not installed: the kernel lacks the hash or key algorithm of the signature; "
     "sign the "
     "image with another one (SHA-256, RSA)"},
    {"short_signature", kFile, EMSGSIZE, kPlain,
     "kexec_file_load: Message too long: the signature in the image is cut short or has the wrong length; "
     "sign the "
     "image again"},
};

const Row kBuild[] = {
    {"no_kexec_load", kLoad, ENOSYS,
     [](ScratchRoot& r) {
       r.File("boot/config-6.1.0-test", "# CONFIG_KEXEC is not set\nCONFIG_KEXEC_FILE=y\n");
     },
     "kexec_load: Function not implemented: the running kernel is built without CONFIG_KEXEC; use kexec -s"},
    {"no_kexec_file", kFile, ENOSYS,
     [](ScratchRoot& r) { r.File("lib/modules/6.1.0-test/config", "CONFIG_KEXEC=y\n"); },
     "kexec_file_load: Function not implemented: the running kernel is built without CONFIG_KEXEC_FILE; use "
     "kexec -c"},
    {"unknown_config", kFile, ENOSYS, kPlain,
     "kexec_file_load: Function not implemented: the running kernel is probably built without "
     "CONFIG_KEXEC_FILE; use "
     "kexec -c"},
    {"no_kexec_at_all", kLoad, ENOSYS, [](ScratchRoot& r) { r.Remove("sys/kernel/kexec_loaded"); },
     "kexec_load: Function not implemented: the running kernel is built without kexec (CONFIG_KEXEC, "
     "CONFIG_KEXEC_FILE); "
     "use another kernel"},
    {"hidden_by_seccomp", kLoad, ENOSYS,
     [](ScratchRoot& r) {
       r.File("boot/config-6.1.0-test", "CONFIG_KEXEC=y\n").File("proc/self/status", "Seccomp:\t2\n");
     },
     "kexec_load: Function not implemented: the kernel has the call, so a seccomp filter (a container or a "
     "service's "
     "sandbox) hides it; run it outside"},
    {"built_but_missing", kLoad, ENOSYS,
     [](ScratchRoot& r) { r.File("boot/config-6.1.0-test", "CONFIG_KEXEC=y\n"); },
     "kexec_load: Function not implemented: the kernel is built with it, but not for this machine or for "
     "programs of "
     "this word size; use kexec -s"},
    {"reboot_without_kexec", kReboot, ENOSYS, kPlain,
     "reboot: Function not implemented: no known cause; see the kernel log (dmesg)"},
};

const Row kMemory[] = {
    {"no_memory", kLoad, ENOMEM, kPlain,
     "kexec_load: Cannot allocate memory: the image needs 600 MiB, of 1024 MiB of memory 300 MiB are "
     "available; free "
     "memory, or use a smaller initrd"},
    {"no_memory_file", kFile, ENOMEM, kPlain,
     "kexec_file_load: Cannot allocate memory: the image needs 600 MiB, of 1024 MiB of memory 300 MiB are "
     "available, and "
     "kexec_file_load holds the files twice while it loads; free memory, or use kexec -c"},
    {"no_memory_crash", kCrash, ENOMEM, [](ScratchRoot& r) { r.Remove("proc/meminfo"); },
     "kexec_load: Cannot allocate memory: the kernel ran out of memory for an image of 60 MiB; reserve more "
     "with "
     "crashkernel="},
    {"no_memory_old_kernel", kUnload, ENOMEM,
     [](ScratchRoot& r) { r.File("proc/meminfo", "MemTotal: 99999999999999999999 kB\n"); },
     "kexec_load (unload): Cannot allocate memory: the kernel ran out of memory for the image; free memory, "
     "or use a "
     "smaller initrd"},
    {"crash_without_reservation", kCrash, EADDRNOTAVAIL,
     [](ScratchRoot& r) { r.File("sys/kernel/kexec_crash_size", "0\n"); },
     "kexec_load: Cannot assign requested address: no memory is reserved for a crash kernel; reserve some "
     "with "
     "crashkernel= on the kernel command line"},
    {"crash_too_small", kCrash, EADDRNOTAVAIL, kPlain,
     "kexec_load: Cannot assign requested address: the image does not lie inside the memory of 256 MiB "
     "reserved for the "
     "crash kernel or does not fit: it needs 60 MiB; reserve more with crashkernel=, or use a smaller image"},
    {"no_hole", kFile, EADDRNOTAVAIL, kPlain,
     "kexec_file_load: Cannot assign requested address: the kernel found no free range of RAM for the image "
     "of 600 MiB; "
     "use kexec -c, which places it itself"},
    {"bad_destination", kLoad, EADDRNOTAVAIL, kPlain,
     "kexec_load: Cannot assign requested address: a segment is not page aligned, wraps, or lies above the "
     "memory the "
     "kernel can copy to; please report this with the output of -d"},
    {"half_of_memory", kLoad, EINVAL, kPlain,
     "kexec_load: Invalid argument: the image needs 600 MiB, more than half of the 1024 MiB of memory, which "
     "is what the "
     "kernel takes at most; use a smaller initrd"},
    {"invalid_flag", kCrash, EINVAL, kPlain,
     "kexec_load: Invalid argument: the kernel does not know a flag of 0x1, is of another architecture than "
     "this program, "
     "or cannot stop its other CPUs; see the kernel log (dmesg)"},
    {"invalid_file", kUnloadFile, EINVAL, kPlain,
     "kexec_file_load (unload): Invalid argument: the kernel does not take this image, its command line is "
     "too long, or a "
     "flag of 0x1 is unknown to it; use kexec -c, or see the kernel log (dmesg)"},
    {"reboot_with_nothing_loaded", kReboot, EINVAL, kPlain,
     "reboot: Invalid argument: no kernel is loaded, or this process runs in a PID namespace (a container); "
     "load one, and "
     "run it outside"},
};

const Row kOthers[] = {
    {"busy", kLoad, EBUSY, kPlain,
     "kexec_load: Device or resource busy: another kexec load, unload or reboot is in progress; wait for it "
     "and try again"},
    {"cpus_stuck", kFile, EBUSY, [](ScratchRoot& r) { r.File("proc/sys/kernel/arch", "aarch64\n"); },
     "kexec_file_load: Device or resource busy: another kexec call is in progress, or the CPUs of this "
     "machine cannot be "
     "parked (dmesg: 'CPUs are stuck in the kernel'); try again, else update the firmware"},
    {"reboot_busy", kReboot, EBUSY, kPlain,
     "reboot: Device or resource busy: another kexec load, unload or reboot is in progress; wait for it and "
     "try again"},
    {"format", kFile, ENOEXEC, kPlain,
     "kexec_file_load: Exec format error: the running kernel knows no image format that fits the file; use "
     "kexec -c"},
    {"not_supported", kFile, ENOTSUP, kPlain,
     "kexec_file_load: Operation not supported: the running kernel's own loader cannot load this image; use "
     "kexec -c"},
    {"too_large", kFile, EFBIG, kPlain,
     "kexec_file_load: File too large: a file is larger than the kernel reads (4 GiB, or half of the "
     "memory); use a "
     "smaller initrd, or kexec -c"},
    {"being_written", kFile, ETXTBSY, kPlain,
     "kexec_file_load: Text file busy: a file is open for writing; wait until that is finished and try "
     "again"},
    {"shrunk", kLoad, EFAULT, kPlain,
     "kexec_load: Bad address: the kernel could not read the image: a file shrank while it was loaded; try "
     "again"},
    {"bad_descriptor", kFile, EBADF, kPlain,
     "kexec_file_load: Bad file descriptor: a file is not open for reading; give regular files"},
    {"io", kFile, EIO, kPlain,
     "kexec_file_load: Input/output error: a file could not be read from its device; see the kernel log "
     "(dmesg)"},
    {"overflow", kFile, EOVERFLOW, kPlain,
     "kexec_file_load: Value too large for defined data type: a size in the image does not fit the kernel's "
     "numbers; check "
     "that the file is intact"},
    {"missing", kFile, ENOENT, kPlain,
     "kexec_file_load: No such file or directory: the kernel misses something it needs for this, such as its "
     "purgatory or "
     "a key; see the kernel log (dmesg)"},
    {"interrupted", kFile, EINTR, kPlain,
     "kexec_file_load: Interrupted system call: a signal interrupted the call; try again"},
    {"long_command_line", kFile, E2BIG, kPlain,
     "kexec_file_load: Argument list too long: the command line is longer than the kernel takes; shorten it"},
    {"firmware", kFile, ENODEV, kPlain,
     "kexec_file_load: No such device: the machine's firmware does not support this; see the kernel log "
     "(dmesg)"},
    {"unknown_number", kLoad, 4095, kPlain,
     "kexec_load: errno 4095: no known cause; see the kernel log (dmesg)"},
};

std::string NameOf(const ::testing::TestParamInfo<Row>& row) { return row.param.what; }
INSTANTIATE_TEST_SUITE_P(Permission, Explains, ::testing::ValuesIn(kPermission), NameOf);
INSTANTIATE_TEST_SUITE_P(Signature, Explains, ::testing::ValuesIn(kSignature), NameOf);
INSTANTIATE_TEST_SUITE_P(Build, Explains, ::testing::ValuesIn(kBuild), NameOf);
INSTANTIATE_TEST_SUITE_P(Memory, Explains, ::testing::ValuesIn(kMemory), NameOf);
INSTANTIATE_TEST_SUITE_P(Others, Explains, ::testing::ValuesIn(kOthers), NameOf);

TEST(Explain, ReadsThePackedConfigurationOfTheRunningKernel) {
  ScratchRoot scratch;
  Healthy(scratch);
  const std::string path = (scratch.path() / "packed").string();
  gzFile file = gzopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  gzputs(file, "CONFIG_KEXEC=y\nCONFIG_KEXEC_FILES=y\n");
  gzclose(file);
  const auto packed = scratch.root().ReadText("packed");
  ASSERT_TRUE(packed.has_value());
  scratch.File("proc/config.gz", *packed);
  const std::string without =
      "kexec_file_load: Function not implemented: the running kernel is built without "
      "CONFIG_KEXEC_FILE; use kexec -c";
  const std::string unknown =
      "kexec_file_load: Function not implemented: the running kernel is probably built without "
      "CONFIG_KEXEC_FILE; use kexec -c";
  EXPECT_EQ(Explain(kFile, ENOSYS, scratch.root()), without);
  scratch.File("proc/config.gz", packed->substr(0, packed->size() / 2));
  EXPECT_EQ(Explain(kFile, ENOSYS, scratch.root()), unknown);
}

TEST(Explain, HasASentenceForEveryErrnoEvenOnAnEmptyMachine) {
  ScratchRoot scratch;
  const SystemRoot root = scratch.root();
  for (const CallFacts& facts : {kLoad, kFile, kCrash, kUnload, kUnloadFile, kReboot}) {
    for (int sys_errno = 1; sys_errno < 134; ++sys_errno) {
      const std::string sentence = Explain(facts, sys_errno, root);
      EXPECT_NE(sentence.find(": " + ErrnoText(sys_errno) + ": "), std::string::npos) << sentence;
      EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
      EXPECT_NE(sentence.back(), '.') << sentence;
    }
  }
}

}  // namespace
}  // namespace kexec::testing
