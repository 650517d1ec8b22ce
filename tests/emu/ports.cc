// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/emu/ports.h"

namespace kexec {
namespace {

constexpr uint8_t kDivisorLatch = 0x80;
constexpr unsigned kLineControl = 3, kLineStatus = 5;
constexpr int kPollsPerTick = 3;

}  // namespace

uint8_t Ports::ReadUart(unsigned reg) {
  if (reg == kLineStatus) return uart_stuck ? 0 : 0x60;
  return uart_[reg];
}

void Ports::WriteUart(unsigned reg, uint8_t value) {
  const bool latch = (uart_[kLineControl] & kDivisorLatch) != 0;
  if (reg == 0 && !latch) {
    serial.push_back(static_cast<char>(value));
    return;
  }
  if (reg == 0) serial_divisor = (serial_divisor & 0xff00) | value;
  if (reg == 1 && latch) serial_divisor = (serial_divisor & 0xff) | static_cast<uint32_t>(value) << 8;
  uart_[reg] = value;
}

uint8_t Ports::ReadGate() {
  if (!timer_present) return 0xff;
  if (timer_polls_ > 0 && --timer_polls_ == 0 && timer_counts) {
    timer_high_ = true;
    timer_ticks++;
  }
  return timer_high_ ? 0x20 : 0x00;
}

uint8_t Ports::ReadKeyboard(uint16_t port) {
  if (port == 0x64) return keyboard_bytes > 0 ? 1 : 0;
  keyboard_bytes--;
  return 0x1c;
}

uint8_t Ports::Read(uint16_t port) {
  reads++;
  if (uart_base != 0 && port >= uart_base && port < uart_base + 8) return ReadUart(port - uart_base);
  switch (port) {
    case 0x61:
      return ReadGate();
    case 0x60:
    case 0x64:
      return ReadKeyboard(port);
    case 0x71:
      if (clock_index_ == 0x0c) clock_reads++;
      return 0;
    case 0x92:
      return control_a;
    case 0xcf9:
      return 0;
    case 0x80:
      delay_reads++;
      return 0;
    case 0x3d5:
      return crtc_[crtc_index_];
    default:
      return 0xff;
  }
}

void Ports::Write(uint16_t port, uint32_t value) {
  const auto byte = static_cast<uint8_t>(value);
  if (uart_base != 0 && port >= uart_base && port < uart_base + 8) {
    WriteUart(port - uart_base, byte);
    return;
  }
  writes.emplace_back(port, value);
  if (port == 0x43 && (byte & 0xfe) == 0xb0) timer_bytes_ = 0;
  if (port == 0x42 && ++timer_bytes_ == 2) {
    timer_high_ =
        timer_stuck_high;  // as QEMU's: the output falls when the count is there, not with the command
    timer_polls_ = kPollsPerTick;
  }
  if (port == 0x70) clock_index_ = byte;
  if (port == 0x3d4) crtc_index_ = byte;
  if (port == 0x3d5) crtc_[crtc_index_] = byte;
  if (port == 0xcf9 && (byte & 6) == 6 && reset_control_works) reset = "0xcf9";
  if (port == 0x64 && byte == 0xfe && keyboard_works) reset = "keyboard";
}

}  // namespace kexec
