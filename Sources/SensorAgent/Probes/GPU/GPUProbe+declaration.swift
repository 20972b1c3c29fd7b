import Reports

extension GPUProbe {
    public static var declaration: ProbeDeclaration {
        let interface = "NVML API Reference; Documentation/gpu/amdgpu"
        return ProbeDeclaration(
            reads: "memory errors, retired pages, remapped rows, heat, power, slowdowns, NVLink and PCIe replays",
            through: "NVIDIA's library where its driver is loaded; amdgpu's files",
            recordedOutput: "nvidia-smi -q (text or -x), or JSON of rocm-smi -a --json",
            signals: [
                SignalDeclaration(
                    "hw.errors", of: .gpu, labels: ["error.type": ["corrected", "uncorrected"]], source: interface),
                SignalDeclaration(
                    "hw.gpu.ecc_errors", "hw.gpu.pcie_replays", "hw.temperature", "hw.power", of: .gpu,
                    source: interface),
                SignalDeclaration(
                    "hw.temperature.limit", of: .gpu,
                    labels: ["limit_type": ["high.degraded", "high.critical", "high.emergency"]], source: interface),
                SignalDeclaration(
                    "hw.power.limit", of: .gpu, labels: ["limit_type": ["cap"]], source: interface),
                SignalDeclaration(
                    "hw.memory.retired_pages", "hw.gpu.row_remaps", "hw.gpu.slowdown", "hw.gpu.sram_threshold",
                    of: .gpu, source: "NVML API Reference"),
                SignalDeclaration(
                    "hw.gpu.nvlink_errors", of: .gpu, source: "NVML API Reference",
                    unshown: "only NVIDIA's library gives them, which no recording holds"),
                SignalDeclaration("hw.fan.speed_ratio", of: .fan, source: interface, likelihood: .last),
            ])
    }
}
