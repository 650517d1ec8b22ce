// SPDX-License-Identifier: GPL-2.0-or-later
// The devices behind the emulated machine's I/O ports: one 16550, channel 2 of the interval timer, the VGA's
// cursor, the three doors to a reset, what a keyboard controller and a clock hold back. Everything purgatory
// may touch, each can be taken out.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kexec {

class Ports {
 public:
  // What the machine has. Set before running.
  uint16_t uart_base = 0x3f8;       // 0 = no UART
  bool uart_stuck = false;          // the transmitter never becomes free
  bool timer_counts = true;         // false: the timer's ports answer but its output never rises
  bool timer_present = true;        // false: its ports read 0xff
  bool timer_stuck_high = false;    // its output is high whatever happens
  bool reset_control_works = true;  // port 0xcf9
  bool keyboard_works = true;       // port 0x64, command 0xfe
  int keyboard_bytes = 0;           // waiting in the keyboard's controller
  uint8_t control_a = 0x02;         // port 0x92; 0xff = not there

  // What has happened. `reset` names the door that worked: "", "0xcf9", "keyboard".
  std::string serial;
  std::string reset;
  uint32_t serial_divisor = 0;                        // last one programmed, 0 = untouched
  uint64_t timer_ticks = 0;                           // completed counts
  uint64_t delay_reads = 0;                           // reads of port 0x80
  uint64_t clock_reads = 0;                           // reads of the clock's register C
  uint64_t reads = 0;                                 // reads of any port
  std::vector<std::pair<uint16_t, uint32_t>> writes;  // all except the UART's data

  uint8_t Read(uint16_t port);
  void Write(uint16_t port, uint32_t value);

 private:
  uint8_t ReadUart(unsigned reg);
  void WriteUart(unsigned reg, uint8_t value);
  uint8_t ReadGate();
  uint8_t ReadKeyboard(uint16_t port);

  std::array<uint8_t, 8> uart_{};
  int timer_bytes_ = 0;  // of the count, written so far
  int timer_polls_ = 0;  // reads of the output left until it rises
  bool timer_high_ = true;
  uint8_t crtc_index_ = 0;
  uint8_t clock_index_ = 0;
  std::map<uint8_t, uint8_t> crtc_;
};

}  // namespace kexec
