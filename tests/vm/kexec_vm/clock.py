# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's own time, read by the host: what a benchmark under `-icount` counts in.

With `-icount shift=0,sleep=off` the guest's clock advances by a nanosecond an instruction, however busy the host is. The
ACPI power management timer shows it; no kernel stops or resets that one, so it goes on across a kexec.
"""

import threading

# ACPI 6.5, 4.8.3.3 "Power Management Timer"; PM_TMR is 8 bytes behind ICH9's ACPI registers, which SeaBIOS and OVMF put
# at port 0x600 (QEMU's include/hw/acpi/ich9.h, ICH9_PMIO_PM_TMR).
_PORT = 0x608
_HERTZ = 3_579_545
_MASK = 0xFFFFFF  # 24 bits: it begins anew after 4.7 s


class GuestClock:
    """Seconds of guest time since start(). A reading is late by the time QEMU takes to answer: less than a millisecond.

    QEMU 7.2 hangs if it ends while it answers: stop() before the guest switches itself off.
    period: seconds of the host between two readings; an emulated CPU must not run 4.7 s of guest time in it.
    """

    def __init__(self, period=0.2):
        self._period = period
        self._turn = threading.Lock()
        self._stopped = threading.Event()
        self._ticks = 0
        self._last = None
        self._thread = None
        self._monitor = None

    def start(self, monitor):
        """Reads the clock of the QEMU behind `monitor` from now on."""
        self._monitor = monitor
        self._thread = threading.Thread(target=self._keep_up)
        self._thread.start()

    def stop(self):
        """After it there are no more readings."""
        self._stopped.set()
        self._thread.join()

    def seconds(self):
        """The guest's time now; None after stop() and once QEMU has ended."""
        with self._turn:
            if self._stopped.is_set():
                return None
            try:
                answer = self._monitor.execute("human-monitor-command", **{"command-line": f"i /4 {_PORT:#x}"})
                now = int(answer.split("=")[1], 16)
            except (OSError, RuntimeError, ValueError):
                return None
            self._ticks += (now - (now if self._last is None else self._last)) & _MASK
            self._last = now
            return self._ticks / _HERTZ

    def _keep_up(self):
        while not self._stopped.wait(self._period) and self.seconds() is not None:
            pass
