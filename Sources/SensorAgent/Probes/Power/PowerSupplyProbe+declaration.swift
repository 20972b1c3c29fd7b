import Reports

extension PowerSupplyProbe {
    public static var declaration: ProbeDeclaration {
        let interface = "Documentation/ABI/testing/sysfs-class-power"
        return ProbeDeclaration(
            reads: "adapters and batteries that the kernel knows",
            through: "sysfs", finds: [.psu: .last],
            signals: [
                SignalDeclaration("hw.psu.state", of: .psu, labels: ["offset": ["input_lost"]], source: interface),
                SignalDeclaration("hw.voltage", "hw.current", of: .psu, source: interface),
                SignalDeclaration("hw.ups.status", of: .ups, labels: ["flag": ["OB"]], source: interface),
                SignalDeclaration(
                    "hw.battery.voltage", "hw.battery.nominal_voltage", "hw.battery.charge", "hw.battery.time_left",
                    "hw.battery.state", "hw.ups.temperature", "hw.current", "hw.power", "hw.sensor.other",
                    of: .upsBattery, source: interface),
            ])
    }
}
