/// Outputs of tools and logs that show what no recorded one does.
enum MadeUpOutputs {
    struct Output {
        var probe: String
        var text: String
        /// What the tool prints a minute later.
        var then: String

        init(_ probe: String, _ text: String, then: String? = nil) {
            self.probe = probe
            self.text = text
            self.then = then ?? text
        }
    }

    static let all =
        [
            Output("kernel-log", kernelLog), Output("machine-checks", trace), Output("ipmi", sensors),
            Output("ipmi", readings), Output("ipmi", eventLog), Output("ipmi", "Selftest: passed"),
            Output("disk-health", disk), Output("disk-health", farm), Output("disk-health", hotSSD),
            Output("gpu", graphicsCard), Output("raid-controllers", smartArray),
            Output("raid", statistics(3), then: statistics(5)),
        ] + redfish.map { Output("redfish", $0) }

    // MARK: The kernel

    private static let kernelLog = """
        [    1.000000] scsi host0: data done, DMA error, resetting
        [    1.500000] megaraid_sas 0000:03:00.0: Reset failed, killing adapter scsi0.
        [    2.000000] CPU3: Core temperature above threshold, cpu clock throttled (total events = 1)
        [    3.000000] EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2: comm ls: reading directory lblock 0
        [    4.000000] EDAC MC0: 1 UE memory address parity error on DIMM_A1 (channel:0 slot:0 page:0x1 offset:0x0 grain:32)
        [    5.000000] EDAC MC0: 1 UE memory address parity error on unknown memory (channel:0 slot:0 page:0x1 offset:0x0)
        [    6.000000] EDAC MC0: 1 CE memory read error on DIMM_A1 (channel:0 page:0x12 offset:0x0 grain:32 syndrome:0x0 - bank:1 row:2 column:3)
        [    7.000000] EDAC MC0: 1 CE spare copy error on DIMM_A1 (channel:0 slot:0 page:0x12 offset:0x0 grain:32)
        [    8.000000] EDAC MC0: 1 CE spare copy error on unknown memory (channel:0 slot:0 page:0x12 offset:0x0 grain:32)
        [    8.100000] EDAC MC0: 1 CE memory read error on DIMM_A1 (channel:0 slot:0 page:0x3ddc84 offset:0x140 grain:32 syndrome:0x0 -  PhysicalRankId:0x0 Row:0x15da Column:0x100 Bank:0x3 BankGroup:0x1 retry_rd_err_log[0001a209 00000000 00800000 0440d001 000015da] correrrcnt[0001 0000 0000 0000 0000 0000 0000 0000])
        [    8.200000] EDAC MC0: 1 CE memory read error on unknown memory (channel:5 slot:0 page:0x3ddc84 offset:0x140 grain:32 syndrome:0x0 -  PhysicalRankId:0x0 Row:0x15da Column:0x100 Bank:0x3 BankGroup:0x1 retry_rd_err_log[0001a209 00000000 00800000 0440d001 000015da] correrrcnt[0001 0000 0000 0000 0000 0000 0000 0000])
        [    9.000000] ixgbe 0000:04:00.0: Adapter removed
        [   10.000000] sky2: eth0 NIC Link is Up
        [   11.000000] sky2: eth0 NIC Link is Down
        [   12.000000] thermal thermal_zone0: acpitz: critical temperature reached, shutting down
        [   13.000000] sd 0:0:0:0: [sda] Add. Sense: Failure prediction threshold exceeded
        [   13.500000] sd 0:0:1:0: [sdb] Add. Sense: Hardware impending failure general hard drive failure
        [   14.000000] watchdog: watchdog0: pretimeout event
        [   15.000000] mpt3sas_cm0: fault_state(0x2622)!
        [   16.000000] NVRM: GPU 0000:3b:00.0: GPU has fallen off the bus.
        [   17.000000] megaraid_sas 0000:18:00.0: 1512 (595831198s/0x0001/CRIT) - VD 00/0 is now DEGRADED
        [   17.200000] megaraid_sas 0000:18:00.0: 1513 (595831199s/0x0020/CRIT) - Controller temperature threshold exceeded
        [   17.500000] 3w-9xxx: scsi0: AEN: ERROR (0x04:0x0009): Drive timeout detected:port=1.
        [   18.000000] amdgpu 0000:83:00.0: amdgpu: {2}socket: 0, die: 0, 3 new uncorrectable hardware errors detected in umc block
        [   18.500000] NVRM: GPU 0000:3c:00.0: RmInitAdapter failed! (0x24:0x65:1422)
        [   19.000000] BTRFS error (device sdc): bdev /dev/sdd errs: wr 0, rd 0, flush 0, corrupt 3, gen 0
        [   20.000000] md/raid:md127: Cannot continue operation (2/3 failed).
        [   20.500000] md: kicking non-fresh sdb1 from array!
        [   21.000000] WARNING: Pool 'tank' has encountered an uncorrectable I/O failure and has been suspended.
        """

    private static let trace = """
        # tracer: nop
          bash-812 [003] ..... 9.000001: mc_event: 2 Corrected errors: memory read error on DIMM_A1 (mc:0 location:1:0:-1 address:0x12ab040 grain:8 syndrome:0x1 - rank:1 row:0x57 column:0x390 bank:2)
          bash-812 [003] ..... 9.000002: mc_event: 2 Corrected errors: memory read error on unknown memory (mc:0 location:1:0:-1 address:0x12ab040 grain:8 syndrome:0x1 - rank:1 row:0x57 column:0x390 bank:2)
          bash-812 [003] ..... 9.000003: mc_event: 1 Uncorrected error: address parity error on DIMM_A1 (mc:0 location:1:0:-1 address:0x0 grain:8)
          bash-812 [003] ..... 9.000004: mc_event: 1 Uncorrected error: address parity error on unknown memory (mc:0 location:1:0:-1 address:0x0 grain:8)
          bash-812 [003] ..... 9.000005: mc_event: 1 Corrected error: spare copy error on DIMM_A1 (mc:0 location:1:0:-1 address:0x0 grain:8)
          bash-812 [003] ..... 9.000006: mc_event: 1 Corrected error: spare copy error on unknown memory (mc:0 location:1:0:-1 address:0x0 grain:8)
          bash-812 [003] ..... 9.000007: mc_event: 1 Corrected error: memory read error on DIMM_A1 (mc:0 location:0:0:-1 address:0x3ddc84140 grain:32 syndrome:0x0  PhysicalRankId:0x0 Row:0x15da Column:0x100 Bank:0x3 BankGroup:0x1 retry_rd_err_log[0001a209 00000000 00800000 0440d001 000015da] correrrcnt[0001 0000 0000 0000 0000 0000 0000 0000])
          bash-812 [003] ..... 9.000008: mc_event: 1 Corrected error: memory read error on unknown memory (mc:0 location:0:0:-1 address:0x3ddc84140 grain:32 syndrome:0x0  PhysicalRankId:0x0 Row:0x15da Column:0x100 Bank:0x3 BankGroup:0x1 retry_rd_err_log[0001a209 00000000 00800000 0440d001 000015da] correrrcnt[0001 0000 0000 0000 0000 0000 0000 0000])
          bash-812 [003] ..... 9.000007: mce_record: CPU: 3, MCGc/s: c14/0, MC4: 8c4001c000000135, IPID: 0000000000000000, ADDR: 00000000003f7fc0, MISC: 0000000000000086, SYND: 0000000000000000, RIP: 00:<0000000000000000>, TSC: 0, PPIN: 0, vendor: 0, CPUID: 50654, time: 1600000000, socket: 1, APIC: 0, microcode: 2000065
          bash-812 [003] ..... 9.000008: aer_event: 0000:03:00.0 PCIe Bus Error: severity=Uncorrected, non-fatal, Completion Timeout, TLP Header=Not available
        """

    // MARK: Management controllers

    /// A sensor of states as `ipmitool -v sdr list` prints it.
    private static func sensor(_ name: String, _ entity: String, _ type: String, _ states: String...) -> String {
        """
        Sensor ID              : \(name) (0x51)
         Entity ID             : \(entity) (of the test)
         Sensor Type (Discrete): \(type)
         Sensor Reading        : 0h
         States Asserted       : \(type)
        \(states.map { "                         [\($0)]" }.joined(separator: "\n"))

        """
    }

    private static let sensors = [
        sensor("CMOS Battery", "40.1", "Battery (0x29)", "Low"),
        sensor("CMOS Battery Presence", "40.1", "Battery (0x29)", "Device Present"),
        sensor("RAID BBU", "11.1", "Battery (0x29)", "Failed"),
        sensor("RAID BBU Presence", "11.1", "Battery (0x29)", "Device Present"),
        sensor("Drive 0", "26.1", "Drive Slot / Bay (0x0d)", "Drive Present", "Predictive Failure"),
        sensor("Fan Redundancy", "30.1", "Fan (0x04)", "Fully Redundant"),
        sensor("Fan 1 Presence", "29.1", "Fan (0x04)", "Device Present"),
        sensor("DIMM A1", "32.1", "Memory (0x0c)", "Presence Detected"),
        sensor("Mem ECC", "32.2", "Memory (0x0c)", "Transition to OK"),
        sensor("CPU1 Status", "3.1", "Processor (0x07)", "Transition to OK"),
        sensor("PS1 Status", "10.1", "Power Supply (0x08)", "Presence detected"),
        sensor("Cover", "23.1", "Physical Security (0x05)", "Device Present"),
    ].joined()

    private static let readings = """
        PS1 PIN          | 51h | ok  | 10.1 | 120 Watts
        PS1 POUT         | 52h | ok  | 10.1 | 110 Watts
        PS1 VIN          | 53h | ok  | 10.1 | 230 Volts
        PS1 IOUT         | 54h | ok  | 10.1 | 9 Amps
        Energy           | 55h | ok  | 7.1 | 1200 Joules
        Humidity         | 56h | ok  | 7.1 | 40 percent
        """

    private static let eventLog = """
           1 | 08/17/2019 | 02:31:44 | Memory DIMM A1 | Correctable ECC | Asserted
           2 | 08/17/2019 | 02:31:44 | Memory Mem ECC | Uncorrectable ECC | Asserted
           3 | 08/17/2019 | 02:31:44 | Memory DIMM A1 | Parity | Asserted
           4 | 08/17/2019 | 02:31:44 | Memory Mem ECC | Parity | Asserted
           5 | 08/17/2019 | 02:31:44 | Memory DIMM A1 | Correctable ECC logging limit reached | Asserted
           6 | 08/17/2019 | 02:31:44 | Memory Mem ECC | Correctable ECC logging limit reached | Asserted
           7 | 08/17/2019 | 02:31:44 | Memory DIMM A1 | Spare | Asserted
           8 | 08/17/2019 | 02:31:44 | Memory Mem ECC | Spare | Asserted
           9 | 08/17/2019 | 02:31:44 | Watchdog2 #0x03 | Hard reset | Asserted
           a | 08/17/2019 | 02:31:44 | Critical Interrupt PCI Err | PCI PERR | Asserted
           f | 08/17/2019 | 02:31:45 | Critical Interrupt #0x18 | PCI SERR (PCI SERR |PCI bus:03 device:00 function:1) | Asserted
           b | 08/17/2019 | 02:31:44 | Battery CMOS Battery | Low | Asserted
           c | 08/17/2019 | 02:31:44 | Battery RAID BBU | Failed | Asserted
           d | 08/17/2019 | 02:31:44 | Processor CPU1 | IERR | Asserted
           e | 08/17/2019 | 02:31:44 | Fan Fan 1 | Lower Critical going low | Asserted
           f | 08/17/2019 | 02:31:44 | Drive Slot / Bay Drive 0 | Drive Fault | Asserted
          10 | 08/17/2019 | 02:31:44 | Power Unit Pwr Unit Status | Soft-power control failure | Asserted
          11 | 08/17/2019 | 02:31:44 | Processor CPU Machine Chk | Transition to Non-recoverable | Asserted
          12 | 08/17/2019 | 02:31:44 | Memory DIMM A1 | Memory Device Disabled | Asserted
          13 | 08/17/2019 | 02:31:44 | Memory Mem ECC | Memory Device Disabled | Asserted
          14 | 08/17/2019 | 02:31:44 | Power Supply PS1 Status | Transition to Critical from less severe | Asserted
          15 | 08/17/2019 | 02:31:44 | Drive Slot / Bay Drive 0 | Predictive Failure | Asserted
          16 | 08/17/2019 | 02:31:44 | Battery RAID BBU | Transition to Critical from less severe | Asserted
          17 | 08/17/2019 | 02:31:44 | Temperature CPU1 Temp | Upper Critical going high | Asserted
          18 | 08/17/2019 | 02:31:44 | Voltage P5V | Lower Critical going low | Asserted
          19 | 08/17/2019 | 02:31:44 | Current PSU1 Current | Upper Critical going high | Asserted
        """

    /// Log entries and resources.
    private static let redfish =
        [
            ("Memory", "Correctable ECC"), ("Memory", "Parity"), ("Memory", "Spare"),
            ("Memory", "Correctable ECC logging limit reached"), ("Battery", "Low"), ("Drive Slot/Bay", "Drive Fault"),
            ("Watchdog2", "Hard reset"), ("Critical Interrupt", "PCI PERR"), ("Power Unit", "AC lost"),
            ("Physical Security", "General Chassis Intrusion"), ("Power Unit", "Soft-power control failure"),
            ("Memory", "Memory Device Disabled (DIMM A1)"), ("Memory", "Memory Device Disabled"),
            ("Fan", "Fan 1 has failed."), ("Drive Slot/Bay", "A predictive failure was detected on drive 1 in bay 0."),
            ("Processor", "CPU 1 has an internal error (IERR)."), ("Power Supply", "Power supply 1 failed."),
            ("Power Supply", "A predictive failure was detected on power supply 1."),
            ("Memory", "Uncorrectable ECC at DIMM_A1."), ("Memory", "Parity (DIMM A1)"), ("Memory", "Spare (DIMM A1)"),
            ("Memory", "Correctable ECC logging limit reached (DIMM A1)"),
        ].enumerated().map { index, entry in
            """
            {"@odata.type": "#LogEntry.v1_4_0.LogEntry", "Id": "\(index)", "EntryType": "SEL", "Message": "\(entry.1)",
            "SensorType": "\(entry.0)", "EntryCode": "Assert", "Created": "2025-11-21T07:00:00Z"}
            """
        } + [
            """
            {"@odata.type": "#Sensor.v1_0_0.Sensor", "Id": "h", "Name": "Humidity", "Reading": 40,
            "ReadingType": "Humidity", "ReadingUnits": "%", "Status": {"State": "Enabled", "Health": "OK"}}
            """,
            """
            {"@odata.type": "#Volume.v1_0_0.Volume", "Id": "1", "Name": "v", "RAIDType": "RAID1",
            "Status": {"State": "Enabled", "Health": "Warning"},
            "Operations": [{"Operation": "Rebuild", "PercentageComplete": 12}]}
            """,
        ]

    // MARK: Tools

    private static let disk = """
        {"json_format_version": [1, 0], "smartctl": {"version": [7, 4], "exit_status": 0},
        "device": {"name": "/dev/sda", "type": "scsi", "protocol": "SCSI"}, "model_name": "A DISK",
        "serial_number": "S1", "smart_status": {"passed": false, "scsi": {"asc": 93, "ascq": 16}},
        "scsi_pending_defects": {"count": 1}, "scsi_nonmedium_error": {"count": 3},
        "scsi_background_scan": {"status": {"number_scans_performed": 7}}}
        """

    /// After farmprint.cpp and ataprint.cpp of smartmontools 7.4, cut to what is read.
    static let farm = """
        {"json_format_version": [1, 0], "smartctl": {"version": [7, 4], "exit_status": 0},
        "device": {"name": "/dev/sda", "type": "sat", "protocol": "ATA"}, "model_name": "ST16000NM001G-2KK103",
        "serial_number": "S2", "rotation_rate": 7200, "smart_status": {"passed": true}, "power_on_time": {"hours": 120},
        "ata_device_statistics": {"pages": [
        {"number": 4, "name": "General Errors Statistics", "revision": 1, "table": [
        {"offset": 8, "name": "Number of Reported Uncorrectable Errors", "size": 4, "value": 3,
        "flags": {"value": 192, "string": "V---", "valid": true, "normalized": false, "supports_dsn": false,
        "monitored_condition_met": false}},
        {"offset": 16, "name": "Resets Between Cmd Acceptance and Completion", "size": 4, "value": 11,
        "flags": {"value": 192, "string": "V---", "valid": true, "normalized": false}}]},
        {"number": 5, "name": "Temperature Statistics", "revision": 1, "table": [
        {"offset": 80, "name": "Time in Over-Temperature", "size": 4, "value": 46,
        "flags": {"value": 192, "string": "V---", "valid": true, "normalized": false}}]},
        {"number": 7, "name": "Solid State Device Statistics", "revision": 1, "table": [
        {"offset": 8, "name": "Percentage Used Endurance Indicator", "size": 1, "value": 12,
        "flags": {"value": 192, "string": "V---", "valid": true, "normalized": false}}]}]},
        "seagate_farm_log": {
        "page_1_drive_information": {"number_of_heads": 18, "poh": 26211, "spoh": 26210},
        "page_3_error_statistics": {"number_of_unrecoverable_read_errors": 0,
        "number_of_unrecoverable_write_errors": 2, "total_flash_led": 1},
        "page_5_reliability_statistics": {"helium_presure_trip": 1}}}
        """

    /// After nvmeprint.cpp of smartmontools, cut to what is read.
    static let hotSSD = """
        {"json_format_version": [1, 0], "smartctl": {"version": [8, 0], "exit_status": 0},
        "device": {"name": "/dev/nvme0", "type": "nvme", "protocol": "NVMe"}, "model_name": "AN SSD",
        "serial_number": "S3", "smart_status": {"passed": true},
        "nvme_smart_health_information_log": {"critical_warning": 0, "temperature": 71, "available_spare": 100,
        "available_spare_threshold": 10, "percentage_used": 2, "data_units_written": 1, "power_cycles": 9,
        "thermal_mgmt_temperature_1_transition_count": 6122, "thermal_mgmt_temperature_1_total_time": 74418,
        "thermal_mgmt_temperature_2_transition_count": 3522, "thermal_mgmt_temperature_2_total_time": 7241}}
        """

    private static let graphicsCard = """
        <?xml version="1.0" ?>
        <nvidia_smi_log><driver_version>550.54</driver_version>
        <gpu id="00000000:17:00.0"><product_name>A card</product_name><serial>1</serial>
        <ecc_errors><aggregate><sram_threshold_exceeded>No</sram_threshold_exceeded></aggregate></ecc_errors>
        </gpu></nvidia_smi_log>
        """

    private static let smartArray = """

        Smart Array P440ar in Slot 0 (Embedded)
           Bus Interface: PCI
           Slot: 0
           Serial Number: S1
           Controller Status: OK

           Array: A
              Status: OK

              Logical Drive: 1
                 Size: 558.9 GB
                 Fault Tolerance: 1
                 Status: Recovering, 5% complete

        """

    private static func statistics(_ corrupt: Int) -> String {
        """
        [/dev/sda].write_io_errs    0
        [/dev/sda].read_io_errs     0
        [/dev/sda].flush_io_errs    0
        [/dev/sda].corruption_errs  \(corrupt)
        [/dev/sda].generation_errs  0
        """
    }
}
