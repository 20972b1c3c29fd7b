import Reports

extension ProcessorProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: "throttling for heat, frequencies and caps, per socket",
            through: "sysfs", finds: [.cpu: .first],
            signals: [
                SignalDeclaration(
                    "hw.cpu.threads", of: .cpu, source: "Documentation/ABI/stable/sysfs-devices-system-cpu"),
                SignalDeclaration(
                    "hw.cpu.throttles", "hw.cpu.throttle_time", of: .cpu,
                    source: "thermal_throttle of Documentation/ABI/testing/sysfs-devices-system-cpu"),
                SignalDeclaration(
                    "hw.cpu.speed", of: .cpu, source: "Documentation/admin-guide/pm/cpufreq.rst"),
                SignalDeclaration(
                    "hw.cpu.speed.limit", of: .cpu, labels: ["limit_type": ["cap", "rated.low", "rated.high"]],
                    source: "Documentation/admin-guide/pm/cpufreq.rst"),
            ])
    }
}
