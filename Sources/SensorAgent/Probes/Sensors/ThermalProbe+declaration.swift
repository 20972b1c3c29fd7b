import Reports

extension ThermalProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: """
                temperatures that no chip tells, how much the kernel cools, the power that processors measure \
                of themselves (RAPL; since Linux 5.10 as root only)
                """,
            through: "sysfs",
            signals: [
                SignalDeclaration(
                    "hw.temperature", of: .temperature, source: "Documentation/driver-api/thermal/sysfs-api.rst",
                    likelihood: .last),
                SignalDeclaration(
                    "hw.temperature.limit", of: .temperature, labels: ["limit_type": ["high.critical"]],
                    source: "Documentation/driver-api/thermal/sysfs-api.rst", likelihood: .last),
                SignalDeclaration(
                    "hw.cooling.state", of: .cooling, source: "Documentation/driver-api/thermal/sysfs-api.rst"),
                SignalDeclaration(
                    "hw.power", of: .power, source: "Documentation/power/powercap/powercap.rst", likelihood: .last),
            ])
    }
}
