import Reports

extension MachineCheckProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: """
                machine checks decoded, memory errors with row, column, bank, page and wrong bits, PCIe errors, CXL \
                memory, as they happen
                """,
            through: "trace events", recordedOutput: "trace_pipe of tracefs with events of ras and mce",
            signals: [
                SignalDeclaration(
                    "hw.cpu.machine_check", "hw.cpu.cache_threshold", of: .cpu,
                    source: "include/trace/events/mce.h of Linux; Intel SDM volume 3B; AMD64 APM volume 2",
                    likelihood: .first),
                SignalDeclaration(
                    "hw.memory.error", "hw.memory.page_error", "hw.memory.cell_error", "hw.memory.error_bits",
                    "hw.memory.address_parity", "hw.memory.spared", of: .dimm, .memoryController,
                    labelsOfDriver: MemoryDriver.labels,
                    source: "include/ras/ras_event.h, drivers/cxl/core/trace.h of Linux", likelihood: .first),
                SignalDeclaration(
                    "hw.memory.error", "hw.memory.page_error", "hw.memory.cell_error", "hw.memory.address_parity",
                    "hw.memory.spared", of: .memoryChannel, labelsOfDriver: MemoryDriver.labels,
                    source: "include/ras/ras_event.h of Linux",
                    likelihood: .first,
                    unshown: "events are read with the topology of their own machine, which no recording of a trace has"
                ),
                SignalDeclaration(
                    "hw.pcie.error", of: .pcieDevice, source: "include/ras/ras_event.h of Linux", likelihood: .first),
                SignalDeclaration(
                    "hw.kernel_log.missed", of: .server, labels: ["fate": ["trace_lost"]],
                    source: "Documentation/trace/ftrace.rst"),
            ])
    }
}
