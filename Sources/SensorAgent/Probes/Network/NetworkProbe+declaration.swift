import Reports

extension NetworkProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: """
                errors by type, changes of the link, speed, FEC, InfiniBand and RoCE, Fibre Channel, bonds and \
                their spare link; optical modules: light per lane, bias, temperature, alarms
                """,
            through: "sysfs, ethtool's ioctl and netlink",
            recordedOutput: "ethtool ethX (also -S, -m, -i, -g), /proc/net/bonding/bondX, /proc/net/dev",
            signals: [
                SignalDeclaration(
                    "hw.network.packets", "hw.network.io", "hw.network.errors", of: .nic,
                    source: "Documentation/ABI/testing/sysfs-class-net-statistics, sysfs-class-infiniband; "
                        + "fc_host of sysfs; ethtool(8) -S"),
                SignalDeclaration(
                    "hw.network.administrative", "hw.network.link", "hw.network.bandwidth.limit", "hw.network.duplex",
                    "hw.network.carrier_changes", of: .nic,
                    source: "Documentation/ABI/testing/sysfs-class-net, sysfs-class-infiniband; fc_host of sysfs"),
                SignalDeclaration(
                    "hw.network.fec", of: .nic, source: "Documentation/networking/ethtool-netlink.rst, FEC_GET",
                    unshown: "the kernel's netlink answers on a live card alone; its answer has a test of its own"),
                SignalDeclaration(
                    "hw.network.bond.link", "hw.network.bond.failures", of: .nic,
                    source: "Documentation/networking/bonding.rst"),
                SignalDeclaration(
                    "hw.network.bond.ports", "hw.network.bond.redundancy", of: .bond,
                    source: "Documentation/networking/bonding.rst"),
                SignalDeclaration(
                    "hw.optic.rx_power", "hw.optic.tx_power", "hw.optic.bias", "hw.optic.alarm", of: .optic,
                    source: "SFF-8472, SFF-8636, CMIS; ethtool(8) -m"),
                SignalDeclaration(
                    "hw.optic.rx_power.limit", "hw.optic.tx_power.limit", "hw.optic.bias.limit", of: .optic,
                    labels: ["limit_type": ["low.critical", "low.degraded", "high.degraded", "high.critical"]],
                    source: "SFF-8472, SFF-8636, CMIS; ethtool(8) -m"),
                SignalDeclaration(
                    "hw.temperature", "hw.voltage", of: .optic, source: "SFF-8472, SFF-8636, CMIS; ethtool(8) -m"),
                SignalDeclaration(
                    "hw.temperature.limit", "hw.voltage.limit", of: .optic,
                    labels: ["limit_type": ["low.critical", "low.degraded", "high.degraded", "high.critical"]],
                    source: "SFF-8472, SFF-8636, CMIS; ethtool(8) -m"),
            ])
    }
}
