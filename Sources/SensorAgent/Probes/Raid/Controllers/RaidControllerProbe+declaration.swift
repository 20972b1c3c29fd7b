import Reports

extension RaidControllerProbe {
    public static var declaration: ProbeDeclaration {
        let tools = "storcli, perccli, ssacli, arcconf, sas3ircu, MegaCli"
        return ProbeDeclaration(
            reads: "hardware RAID: arrays, disks, bays, media errors, cache battery",
            through: "`storcli`, `perccli`, `ssacli`, `arcconf`, `MegaCli` where installed",
            recordedOutput:
                "storcli or perccli (/call show all, with J or without), ssacli, arcconf, sas3ircu or MegaCli",
            signals: [
                SignalDeclaration("hw.status", of: .controller, source: tools, likelihood: .first),
                SignalDeclaration("hw.status", of: .disk, source: tools),
                SignalDeclaration("hw.temperature", of: .controller, .disk, source: tools),
                SignalDeclaration(
                    "hw.battery.state", "hw.battery.charge", "hw.battery.learn_age", of: .controller, source: tools,
                    likelihood: .first),
                SignalDeclaration(
                    "hw.errors", of: .controller, labels: ["error.type": ["corrected", "uncorrected"]], source: tools),
                SignalDeclaration(
                    "hw.raid.state", "hw.raid.activity", "hw.raid.progress", "hw.raid.spares", of: .raidArray,
                    source: tools),
                SignalDeclaration("hw.raid.membership", "hw.physical_disk.controller_errors", of: .disk, source: tools),
            ])
    }
}
