import Reports

extension FileSystemProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: "errors that file systems found, file systems that became read-only",
            through: "sysfs, mountinfo",
            recordedOutput: "/proc/self/mountinfo",
            signals: [
                SignalDeclaration(
                    "hw.filesystem.errors", "hw.filesystem.error.age", "hw.filesystem.written", of: .volume,
                    source: "Documentation/ABI/testing/sysfs-fs-ext4"),
                SignalDeclaration(
                    "hw.filesystem.state", of: .volume, source: "proc_pid_mountinfo(5), statfs(2)"),
            ])
    }
}
