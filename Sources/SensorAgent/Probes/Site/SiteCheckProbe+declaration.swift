import Reports

extension SiteCheckProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: "what you check yourself: backups, replication, services",
            through: "any monitoring plugin or script, see below",
            signals: [
                SignalDeclaration(
                    "hw.site.check", "hw.site.value", of: .check,
                    source: "Monitoring Plugins Development Guidelines, or lines KEY=value"),
                SignalDeclaration("hw.backup.age", of: .server, source: "BACKUP_AGE= or BACKUP_TIME= of a check"),
            ])
    }
}
