// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/kexec/host_actions.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kexec/file.h"

namespace kexec {
namespace {

// Where shutdown(8) may be, in the order kexec-tools looks.
constexpr std::array<const char*, 3> kShutdownPrograms = {"/sbin/shutdown", "/etc/shutdown", "/bin/shutdown"};

// True if `name` was up and is down now.
bool TakeDown(int socket_fd, const char* name, Diagnostics& diagnostics) {
  ifreq request = {};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(socket_fd, SIOCGIFFLAGS, &request) != 0) {
    diagnostics.Warn("cannot ask for the state of interface '{}': {}", name, ErrnoText(errno));
    return false;
  }
  const bool up = (request.ifr_flags & IFF_UP) != 0;
  if (!up || (request.ifr_flags & IFF_LOOPBACK) != 0) return false;
  request.ifr_flags = static_cast<short>(request.ifr_flags & ~IFF_UP);
  if (ioctl(socket_fd, SIOCSIFFLAGS, &request) != 0) {
    diagnostics.Warn("cannot take interface '{}' down: {}", name, ErrnoText(errno));
    return false;
  }
  return true;
}

class RealHostActions final : public HostActions {
 public:
  Result<std::vector<std::string>> BringInterfacesDown(Diagnostics& diagnostics) override {
    // Any socket answers questions about interfaces (netdevice(7)); this kind is in every kernel with
    // networks, while IPv4 may be missing. One without networks has nothing to take down.
    const UniqueFd socket_fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!socket_fd.valid() && errno == ENOSYS) return std::vector<std::string>();
    if (!socket_fd.valid()) return FailErrno(Errc::kIo, errno, "cannot reach the network interfaces");
    const std::unique_ptr<struct if_nameindex, void (*)(struct if_nameindex*)> names(if_nameindex(),
                                                                                     if_freenameindex);
    if (names == nullptr) return FailErrno(Errc::kIo, errno, "cannot list the network interfaces");
    std::vector<std::string> taken_down;
    for (const struct if_nameindex* entry = names.get(); entry->if_index != 0; ++entry) {
      if (TakeDown(socket_fd.get(), entry->if_name, diagnostics)) taken_down.emplace_back(entry->if_name);
    }
    return taken_down;
  }

  Error RunShutdown() override {
    int last_errno = ENOENT;
    for (const char* program : kShutdownPrograms) {
      execl(program, "shutdown", "-r", "now", static_cast<char*>(nullptr));
      if (errno != ENOENT) last_errno = errno;
    }
    return Error(
        Errc::kSyscall, last_errno,
        fmt::format("the kernel is loaded, but none of {} can be run: {}; reboot by other means or run "
                    "kexec -e",
                    fmt::join(kShutdownPrograms, ", "), ErrnoText(last_errno)));
  }

  std::optional<std::array<std::byte, 32>> RandomSeed() override {
    std::array<std::byte, 32> seed = {};
    const ssize_t got = getrandom(seed.data(), seed.size(), GRND_NONBLOCK);
    if (got != static_cast<ssize_t>(seed.size())) return std::nullopt;
    return seed;
  }
};

}  // namespace

std::unique_ptr<HostActions> LinuxHostActions() { return std::make_unique<RealHostActions>(); }

}  // namespace kexec
