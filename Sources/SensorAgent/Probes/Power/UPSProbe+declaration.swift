import Reports

extension UPSProbe {
    public static var declaration: ProbeDeclaration {
        let variables = "Network UPS Tools: RFC 9271, nut-names.txt"
        return ProbeDeclaration(
            reads: "every UPS: mains voltage, load, battery charge, run time, age, test result",
            through: "`upsd` (NUT) on this machine", recordedOutput: "upsc NAME",
            signals: [
                SignalDeclaration(
                    "hw.ups.status", "hw.ups.load", "hw.ups.input_voltage", "hw.ups.test_result", "hw.voltage",
                    "hw.power", of: .ups, source: variables),
                SignalDeclaration("hw.ups.input_voltage.nominal", of: .ups, source: variables),
                SignalDeclaration(
                    "hw.ups.input_voltage.limit", of: .ups, labels: ["limit_type": ["low.critical", "high.critical"]],
                    source: variables),
                SignalDeclaration(
                    "hw.power.limit", of: .ups, labels: ["limit_type": ["rated.high"]], source: variables),
                SignalDeclaration(
                    "hw.ups.temperature", "hw.current", "hw.sensor.other", of: .ups, .upsBattery, source: variables),
                SignalDeclaration(
                    "hw.battery.voltage", "hw.battery.nominal_voltage", "hw.battery.charge", "hw.battery.time_left",
                    "hw.battery.state", "hw.battery.age", of: .upsBattery, source: variables, likelihood: .first),
                SignalDeclaration(
                    "hw.power_loss", of: .ups, source: "changes of ups.status between looks",
                    unshown: "counted between looks at a running upsd, which no recording is; UPSTests counts one"),
            ])
    }
}
