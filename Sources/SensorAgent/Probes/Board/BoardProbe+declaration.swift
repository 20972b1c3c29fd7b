import Reports

extension BoardProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: """
                real-time clock against network time, resets by the watchdog, crash dumps, starts without \
                shutdown, poisoned memory
                """,
            through: "sysfs, procfs",
            signals: [
                SignalDeclaration("hw.uptime", of: .server, source: "/proc/uptime: proc_uptime(5)"),
                SignalDeclaration("hw.clock.offset", of: .server, source: "rtc(4), adjtimex(2)"),
                SignalDeclaration("hw.memory.poisoned", of: .server, source: "HardwareCorrupted of proc_meminfo(5)"),
                SignalDeclaration("hw.crash_dumps", of: .server, source: "Documentation/ABI/testing/pstore"),
                SignalDeclaration("hw.unclean_shutdowns", of: .server, source: "the agent's own note of each stop"),
                SignalDeclaration(
                    "hw.watchdog", of: .server, source: "bootstatus: Documentation/watchdog/watchdog-api.rst",
                    likelihood: .first),
                SignalDeclaration(
                    "hw.overheated", of: .server, source: "bootstatus: Documentation/watchdog/watchdog-api.rst"),
            ])
    }
}
