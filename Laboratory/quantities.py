"""What the series of each program mean: which quantity of which part, in which subject, or that they are no parameter.

A parameter is one quantity of one part (the temperature of one sensor, one error counter of one disk, the state of one
array) that tells of the health of hardware, and for which the program showed a value. No parameters, whoever shows them, are
names, models, serial and other numbers of identity; limits, thresholds, ratings and settings, which do not change by
themselves; use (bytes, packets, requests, space, shares of time); and how the program itself fares.

The rules of a program are tried in order on `name part`, and the first that matches counts. Where several series of a
program say the same (one for each value that a state may have), the rule names the part so that they are one.
"""

import re

TEMPERATURES, VOLTAGES, FANS, POWER = "temperatures", "voltages", "fans", "power and current"
OTHER_SENSORS = "other sensors"
SMART_ATA, SMART_NVME, SMART_SCSI = "SMART of ATA disks", "SMART of NVMe disks", "SMART of SCSI disks"
DISK_ERRORS, DISK_LATENCY = "disk errors seen by the kernel", "disk latency"
MEMORY, MACHINE_CHECKS, PROCESSORS = "memory errors", "machine checks", "processors (throttling, speed)"
PCIE_ERRORS, PCIE_LINKS = "PCIe errors", "PCIe links"
NETWORK_ERRORS, NETWORK_LINKS, OPTICS = "network errors", "network links", "optics"
RAID, FILE_SYSTEMS = "RAID and volumes", "file system errors"
IPMI_SENSORS, IPMI_EVENTS = "IPMI sensors", "IPMI events"
SUPPLIES, UPS = "power supplies and batteries", "UPS"
KERNEL_LOG, BOARD, GPU, ENCLOSURES = "kernel log events", "board and clock", "GPU", "enclosures and slots"
SUBJECTS = [
    TEMPERATURES, VOLTAGES, FANS, POWER, OTHER_SENSORS, SMART_ATA, SMART_NVME, SMART_SCSI, DISK_ERRORS, DISK_LATENCY,
    ENCLOSURES, RAID, FILE_SYSTEMS, MEMORY, MACHINE_CHECKS, PROCESSORS, PCIE_ERRORS, PCIE_LINKS, NETWORK_ERRORS,
    NETWORK_LINKS, OPTICS, IPMI_SENSORS, IPMI_EVENTS, SUPPLIES, UPS, BOARD, GPU, KERNEL_LOG]

# A rule: what it matches, the subject (None: no parameter), the quantity, and the part where it is not the series' own.
# `\1` in quantity and part is the first group of the match.
WHOLE = "the server"
# Devices that are no hardware, and partitions.
NO_DISK = r"(?:dm-|md|loop|ram|zram|(?:[hsv]d[a-z]+|(?:nvme\d+n|mmcblk)\d+p)\d+(?:[/ ]|$))"
NO_CARD = (
    r"(?:lo|ifb\d*|veth\w*|docker\d+|br-?\w*|virbr\S*|tun\w*|tap\w*|dummy\d+|sit\d+|gre\w*|ip6\w+|bond\d+|team\d+|"
    r"vlan\w*|vnet\d+|erspan\d+|teql\d+|wg\d+)(?:[,/ ]|$)")
REAL_DISK, REAL_CARD = rf".*device=(?!{NO_DISK})", rf".*device=(?!{NO_CARD})"

# Of the agent, rules are tried on `probe signal`, and the part is the component.
AGENT = [
    (r"network hw\.network\.bandwidth\.limit", NETWORK_LINKS, "speed"),
    (r"\S+ hw\.[\w.]*\.limit\b", None, ""),
    (r"\S+ hw\.(voltage\.nominal|power\.average_interval|sensor\.(type|offset|beep)|chip\.beep_enable|fan\.(pulses|divisor))",
     None, ""),
    (r"\S+ hw\.(memory\.size|physical_disk\.size|physical_disk\.spare\.threshold|battery\.nominal_voltage|raid\.members\b)",
     None, ""),
    (r"\S+ hw\.(cpu\.threads|cpu\.core\.count|event_log\.used|kernel_log\.missed|network\.(packets|io)\b|network\.admin)",
     None, ""),
    (r"\S+ hw\.physical_disk\.(io|commands|busy_time|busy|requests|moved)\b", None, ""),
    (r"\S+ hw\.(filesystem\.written|uptime|memory\.scrub_rate|raid\.progress|raid\.activity|raid\.membership)\b", None, ""),
    (r"site .*", None, ""),
    (r"\S+ (hw\.memory\.poisoned)", MEMORY, r"\1"),
    (r"ipmi hw\.event_log\.entry\{(.*)\}", IPMI_EVENTS, r"event \1"),
    (r"ipmi (hw\.\S.*)", IPMI_SENSORS, r"\1"),
    (r"redfish (hw\.\S.*)", IPMI_SENSORS, r"\1"),
    (r"ups (hw\.\S.*)", UPS, r"\1"),
    (r"power-supplies (hw\.\S.*)", SUPPLIES, r"\1"),
    (r"gpu (hw\.\S.*)", GPU, r"\1"),
    (r"enclosures hw\.physical_disk\.phy_errors(.*)", DISK_ERRORS, r"phy errors \1"),
    (r"enclosures (hw\.\S.*)", ENCLOSURES, r"\1"),
    (r"disk-health hw\.physical_disk\.critical_warning", "smart", "critical warning"),
    (r"disk-health hw\.physical_disk\.smart\.(?:failing|normalized\{attribute=\"\d+\.(?:thresh|worst))", None, ""),
    (r"disk-health (hw\.\S.*)", "smart", r"\1"),
    (r"\S+ hw\.physical_disk\.(await|in_flight|stalled)(.*)", DISK_LATENCY, r"\1\2"),
    (r"\S+ (hw\.filesystem\.\S.*)", FILE_SYSTEMS, r"\1"),
    (r"raid (hw\.\S.*)", RAID, r"\1"),
    (r"raid-controllers (hw\.\S.*)", RAID, r"\1"),
    (r"\S+ (hw\.raid\.\S.*)", RAID, r"\1"),
    (r"chip-sensors hw\.temperature$", TEMPERATURES, "temperature"),
    (r"thermal hw\.temperature$", TEMPERATURES, "temperature of a thermal zone"),
    (r"thermal hw\.cooling\.state$", OTHER_SENSORS, "state of a cooling device"),
    (r"thermal (hw\.power)", POWER, r"\1 of a domain (RAPL)"),
    (r"chip-sensors hw\.voltage$", VOLTAGES, "voltage"),
    (r"chip-sensors hw\.fan\.speed$", FANS, "speed"),
    (r"chip-sensors hw\.fan\.speed_ratio$", FANS, "drive"),
    (r"chip-sensors hw\.(power|current|energy)(.*)", POWER, r"\1\2"),
    (r"chip-sensors (hw\.(?:alarm|sensor\.fault)\S*)", "by component", r"\1"),
    (r"chip-sensors (hw\.\S.*)", OTHER_SENSORS, r"\1"),
    (r"(?:memory-errors|machine-checks|kernel-log|live) (hw\.memory\.\S.*)", MEMORY, r"\1"),
    (r"(?:memory-errors) (hw\.\S.*)", MEMORY, r"\1"),
    (r"(?:machine-checks|kernel-log|live) (hw\.cpu\.(?:machine_check|cache_threshold)\S*)", MACHINE_CHECKS, r"\1"),
    (r"processors (hw\.cpu\.\S.*)", PROCESSORS, r"\1"),
    (r"(?:machine-checks|kernel-log|live) (hw\.pcie\.error\S*)", PCIE_ERRORS, r"\1"),
    (r"pcie (hw\.pcie\.error\S*)", PCIE_ERRORS, r"\1"),
    (r"pcie hw\.pcie\.link_(speed|width)$", PCIE_LINKS, r"\1"),
    (r"network (hw\.network\.(?:errors|fec)\S*)", NETWORK_ERRORS, r"\1"),
    (r"network hw\.network\.(link|carrier_changes|duplex)", NETWORK_LINKS, r"\1"),
    (r"network hw\.network\.bond\.(\S*)", NETWORK_LINKS, r"bond: \1"),
    (r"network (hw\.(?:optic|temperature|voltage)\S*)", OPTICS, r"\1"),
    (r"(?:board (hw\.\S.*)|live (hw\.(?:clock|power_loss|crash_dumps)\S*))", BOARD, r"\1\2"),
    (r"live (hw\.physical_disk\.smart\S*)", "smart", r"\1"),
    (r"live hw\.event_log\.entry\{(.*)\}", IPMI_EVENTS, r"event \1"),
    (r"disk-latency (hw\.physical_disk\.\S.*)", DISK_ERRORS, r"\1"),
    (r"(?:kernel-log|live) (hw\.\S.*)", KERNEL_LOG, r"\1")]

NODE_EXPORTER = [
    # The zone of a sensor, read a second time through the chip's folder.
    (r"node_hwmon_temp_celsius .*sensor=temp0", None, ""),
    (r"node_hwmon_temp_celsius ", TEMPERATURES, "temperature"),
    (r"node_hwmon_in_volts ", VOLTAGES, "voltage"),
    (r"node_hwmon_fan_rpm ", FANS, "speed"),
    (r"node_hwmon_pwm ", FANS, "drive"),
    (r"node_hwmon_(power_watt|power_average_watt|power_input_watt|curr_amps|energy_joule_total) ", POWER, r"\1"),
    (r"node_hwmon_temp_(\w*alarm|fault)\w* ", TEMPERATURES, r"\1"),
    (r"node_hwmon_in_(\w*alarm|fault)\w* ", VOLTAGES, r"\1"),
    (r"node_hwmon_fan_(\w*alarm|fault)\w* ", FANS, r"\1"),
    (r"node_hwmon_(?:power|curr)_(\w*alarm|fault)\w* ", POWER, r"\1"),
    (r"node_hwmon_(intrusion_alarm|humidity|freq_freq_mhz|\w*_highest\w*|\w*_lowest\w*) ", OTHER_SENSORS, r"\1"),
    (r"node_hwmon_.*", None, ""),
    (r"node_thermal_zone_temp ", TEMPERATURES, "temperature of a thermal zone"),
    (r"node_cooling_device_cur_state ", OTHER_SENSORS, "state of a cooling device"),
    (r"node_cooling_device_.*", None, ""),
    (r"node_rapl_(\w+)_joules_total ", POWER, r"energy of a \1 (RAPL)"),
    (r"node_edac_(\w+) ", MEMORY, r"\1"),
    (r"node_memory_HardwareCorrupted_bytes ", MEMORY, "HardwareCorrupted"),
    (r"node_cpu_(core|package)_throttles_total ", PROCESSORS, r"\1 throttles"),
    (r"node_cpu_(frequency|scaling_frequency)_hertz ", PROCESSORS, r"\1"),
    (r"node_disk_(read_time|write_time|discard_time|flush_requests_time)_seconds_total " + REAL_DISK,
     DISK_LATENCY, r"\1"),
    (r"node_disk_(io_now) " + REAL_DISK, DISK_LATENCY, r"\1"),
    (r"node_disk_.*", None, ""),
    (r"node_md_(blocks|blocks_synced|disks_required) ", None, ""),
    (r"node_md_state device=([^,]+)", RAID, "state", r"\1"),
    (r"node_md_disks device=([^,]+),state=(\w+)", RAID, r"\2 disks", r"\1"),
    (r"node_md_disks ", RAID, "disks"),
    (r"node_zfs_zpool_state .*zpool=([^,]+)", RAID, "pool state", r"\1"),
    (r"node_btrfs_device_errors_total ", RAID, "btrfs device errors"),
    (r"node_bonding_(slaves|active) ", NETWORK_LINKS, r"bond: \1"),
    (r"node_btrfs_.*|node_zfs_.*", None, ""),
    (r"node_bcache_io_errors ", RAID, "bcache: errors of the cache disk"),
    (r"node_bcache_.*", None, ""),
    (r"node_filesystem_(device_error|readonly) .*device=/dev/", FILE_SYSTEMS, r"\1"),
    (r"node_(?:filesystem|xfs)_.*", None, ""),
    (r"node_network_(carrier\w*_changes_total) " + REAL_CARD, NETWORK_LINKS, r"\1"),
    (r"node_network_(\w*(?:errs|drop|fifo|frame|colls|carrier|crc)_total) " + REAL_CARD, NETWORK_ERRORS, r"\1"),
    (r"node_network_(carrier|speed_bytes) " + REAL_CARD, NETWORK_LINKS, r"\1"),
    (r"node_network_up " + REAL_CARD, NETWORK_LINKS, "up"),
    (r"node_network_info .*device=(?!" + NO_CARD + r")([^,]+).*duplex=(?:full|half)", NETWORK_LINKS, "duplex", r"\1"),
    (r"node_ethtool_\w*xdp", None, ""),
    (r"node_ethtool_(\w*(?:err|drop|crc|fifo|fail|timeout|discard|miss)\w*) ", NETWORK_ERRORS, r"ethtool: \1"),
    (r"node_(?:network|ethtool|netdev|wifi|arp)_.*", None, ""),
    (r"node_infiniband_(\w*(?:error|discard|recovery|constraint|integrity|overrun)\w*) ", NETWORK_ERRORS,
     r"InfiniBand: \1"),
    (r"node_infiniband_(link_downed)_total ", NETWORK_LINKS, r"InfiniBand: \1"),
    (r"node_infiniband_(state_id|physical_state_id|rate_bytes_per_second) ", NETWORK_LINKS, r"InfiniBand: \1"),
    (r"node_infiniband_.*", None, ""),
    (r"node_fibrechannel_(\w*(?:error|invalid|failure|loss|abort|dumped|nos)\w*) ", NETWORK_ERRORS, r"Fibre Channel: \1"),
    (r"node_fibrechannel_.*", None, ""),
    (r"node_nvme_info .*device=([^,]+)", DISK_ERRORS, "NVMe state", r"\1"),
    (r"node_tape_residual_total ", DISK_ERRORS, "tape: residual"),
    (r"node_tape_.*", None, ""),
    (r"node_power_supply_(?:info|\w*design|\w*_full|charge_control\w*|\w*limit\w*|type\w*|cyclecount_max) ", None, ""),
    (r"node_power_supply_(\w+) ", SUPPLIES, r"\1"),
    (r"node_drm_(gpu_busy|memory)\w* |node_drm_card_info ", None, ""),
    (r"node_timex_(offset_seconds|sync_status|maxerror_seconds|estimated_error_seconds|frequency_adjustment_ratio) ",
     BOARD, r"clock: \1"),
    (r"node_(?:systemd|time|timex|boot|context|forks|intr|procs|cpu|memory|vmstat|netstat|sockstat|softnet|schedstat|nf|"
     r"entropy|filefd|os|uname|selinux|dmi|pressure|scrape|textfile|exporter|udp|arp|ipvs|nfs\w*|mountstats|rapl|"
     r"cgroups|watchdog)_.*|node_load\d+ .*", None, ""),
    (r"(?:go|process|promhttp)_.*", None, "")]

NETDATA = [
    (r"sensors\.temperature/(.*) (\S+)", TEMPERATURES, "temperature", r"\2/\1"),
    (r"sensors\.voltage/(.*) (\S+)", VOLTAGES, "voltage", r"\2/\1"),
    (r"sensors\.fan/(.*) (\S+)", FANS, "speed", r"\2/\1"),
    (r"sensors\.(current|power|energy)/(.*) (\S+)", POWER, r"\1", r"\3/\2"),
    (r"sensors\.humidity/(.*) (\S+)", OTHER_SENSORS, "humidity", r"\2/\1"),
    (r"mem\.ecc_(ce|ue)/(\S+) ", MEMORY, r"errors of a controller: \1", r"\2"),
    (r"mem\.hwcorrupt/", MEMORY, "HardwareCorrupted", WHOLE),
    (r"cpu\.(core|package)_throttling/(\S+) ", PROCESSORS, r"\1 throttles", r"\2"),
    (r"cpufreq\.cpufreq/(\S+) ", PROCESSORS, "speed", r"\1"),
    (r"(?:disk|disk_ext)\.(await|iotime|backlog|qops|svctm)/(\w+) [\w.]*?\.(?!" + NO_DISK + r")(\S+)", DISK_LATENCY,
     r"\1 \2", r"\3"),
    (r"md\.(health|disks|mismatch_cnt|nonredundant)/(.*) (\S+)", RAID, r"\1 \2", r"\3"),
    (r"md\.(?:status|rate|expected_time_until_operation_finish)/.*", None, ""),
    (r"zfspool\.state/\S+ (\S+)", RAID, "pool state", r"\1"),
    (r"btrfs\.device_errors/(\S+) (\S+)", RAID, r"btrfs device errors: \1", r"\2"),
    (r"net\.(errors|drops|fifo|events)/(.*) [\w.]*?\.(?!" + NO_CARD + r")(\S+)", NETWORK_ERRORS, r"\1 \2", r"\3"),
    (r"net\.(operstate|carrier|duplex|speed)/\S+ [\w.]*?\.(?!" + NO_CARD + r")(\S+)", NETWORK_LINKS, r"\1", r"\2"),
    (r"ib\.errors/Link Downed (\S+)", NETWORK_LINKS, "InfiniBand: link_downed", r"\1"),
    (r"ib\.errors/Tick Wait.*", None, ""),
    (r"ib\.(?:hw)?errors/(.*) (\S+)", NETWORK_ERRORS, r"InfiniBand: \1", r"\2"),
    (r"ib\.hwerrors_\S+/(.*) (\S+)", NETWORK_ERRORS, r"InfiniBand: \1", r"\2"),
    (r"powersupply\.(capacity|charge|energy|power|voltage)/(\S+) (\S+)", SUPPLIES, r"\1 \2", r"\3"),
    (r"(?:nut|upsd)[\w.]*/(.*) (\S+)", UPS, r"\1", r"\2"),
    (r"(?:hddtemp|smartd_log)\.(.*) (\S+)", "smart", r"\1", r"\2"),
    (r"system\.(?:clock_\w+|clock_sync_state|clock_status)/(\S+) ", BOARD, r"clock: \1", WHOLE),
    (r".*", None, "")]

COLLECTD = [
    (r"sensors/temperature ", TEMPERATURES, "temperature"),
    (r"sensors/voltage ", VOLTAGES, "voltage"),
    (r"sensors/fanspeed ", FANS, "speed"),
    (r"sensors/(power|current|humidity) ", POWER, r"\1"),
    (r"thermal/temperature ", TEMPERATURES, "temperature of a thermal zone"),
    (r"thermal/gauge-?\S* |thermal/gauge ", OTHER_SENSORS, "state of a cooling device"),
    (r"battery/(?:capacity|charge|energy|percent)(\S*) ", SUPPLIES, r"charge\1"),
    (r"battery/(\S+) ", SUPPLIES, r"\1"),
    (r"cpufreq/cpufreq ", PROCESSORS, "speed"),
    (r"infiniband/(\S*(?:err|discard|wait|link|state|constraint)\S*) ", NETWORK_ERRORS, r"InfiniBand: \1"),
    (r"interface/if_(errors|dropped)(\S*) (?!" + NO_CARD + r")", NETWORK_ERRORS, r"\1\2"),
    (r"netlink/(?:if_tx_dropped|if_rx_nohandler) ", None, ""),
    (r"netlink/if_(rx|tx)_errors (?!" + NO_CARD + r")(\S+)/(\S+)$", NETWORK_ERRORS, r"\1 \3", r"\2"),
    (r"netlink/(\S*(?:err|drop|fifo|colli|missed)\S*) (?!" + NO_CARD + r")", NETWORK_ERRORS, r"\1"),
    (r"ethstat/\S+ \S*xdp", None, ""),
    (r"ethstat/\S+ \S*/(\S*(?:err|drop|crc|fifo|fail|timeout|discard|miss)\S*)$", NETWORK_ERRORS, r"ethtool: \1"),
    (r"disk/(?:disk_time|pending_operations|disk_io_time)(\S*) (?!" + NO_DISK + r")", DISK_LATENCY, r"time\1"),
    (r"md/md_disks (\S+)/(\S+)", RAID, r"\2 disks", r"\1"),
    (r"smart/nvme_(?:avail_spare_thresh|ctrl_busy_time|data_units\S*|host_commands\S*) ", None, ""),
    (r"smart/(\S+) ", "smart", r"\1"),
    (r"ipmi/", IPMI_SENSORS, "sensor"),
    (r"nut/(?!timeleft-?limit)(\S+) ", UPS, r"\1"),
    (r"zfs_arc/.*", None, ""),
    (r".*", None, "")]

# smartd follows attributes in its own log (raw and normalized values of ATA, counters of SCSI), and checks the rest.
SMARTD = [(r"(attribute \S+|health|\S+ (?:log|status|warning)) ", "smart", r"\1")]
# One kind of event of one part, for each row that rasdaemon wrote down.
RASDAEMON = [
    (r"mc_event ", MEMORY, "error"), (r"mce_record ", MACHINE_CHECKS, "machine check"),
    (r"aer_event ", PCIE_ERRORS, "AER event"), (r"memory_failure_event ", MEMORY, "page failure"),
    (r"(?:disk_errors|block_rq_complete) ", DISK_ERRORS, "failed request"), (r"devlink_event ", NETWORK_ERRORS, "event"),
    (r"(\S+) ", KERNEL_LOG, r"\1")]

BY_COMPONENT = {
    "temperature": TEMPERATURES, "voltage": VOLTAGES, "fan": FANS, "power": POWER, "current": POWER, "energy": POWER,
    "disk": TEMPERATURES}
BY_BUS = {"sata": SMART_ATA, "ata": SMART_ATA, "usb": SMART_ATA, "nvme": SMART_NVME, "pcie": SMART_NVME}
RULES = {
    "agent": AGENT, "node_exporter": NODE_EXPORTER, "rasdaemon": RASDAEMON, "smartd": SMARTD, "collectd": COLLECTD,
    "netdata": NETDATA}
COMPILED = {program: [(re.compile(rule[0]), *rule[1:]) for rule in rules] for program, rules in RULES.items()}

# Port counters of InfiniBand (Linux: Documentation/ABI/stable/sysfs-class-infiniband): in the words of node_exporter and
# netdata, and in the agent's. A link that went down is a change of the carrier there.
INFINIBAND = [
    ("symbol_error|Link minor", r".*symbol"), ("link_error_recovery|Link recovered", r".*link_recovery"),
    ("port_errors_received|Pkts malformated", r".*receive.*total"),
    ("port_constraint_errors_received|Pkts rcvd discarded $", r".*receive.*constraint"),
    ("port_constraint_errors_transmitted|Pkts sent discarded by switch", r".*transmit.*constraint"),
    ("port_discards_transmitted|Pkts sent discarded$", r".*transmit.*dropped"),
    ("Pkts missed resource", r".*receive.*dropped"), (".*overrun|Buffer overrun", r".*buffer_overrun"),
    ("local_link_integrity|Link integrity", r".*link_integrity"),
    (".*remote_physical|Pkts rcvd with EBP", r".*remote_physical"),
    (".*switch_relay|Pkts rcvd discarded by switch", r".*switch_relay")]
# Counters of RDMA over Converged Ethernet (`hw_counters` of mlx5), in netdata's words and the agent's.
ROCE = [
    ("Ack timer expired", r".*local_ack_timeout_err"), ("CQE Flushed err Req", r".*req_cqe_flush_error"),
    ("CQE Flushed err Resp", r".*resp_cqe_flush_error"), ("CQE err Req", r".*req_cqe_error"),
    ("CQE err Resp", r".*resp_cqe_error"), ("Drop missing buffer", r".*out_of_buffer"),
    ("Drop out of sequence", r".*out_of_sequence"), ("Duplicated packets", r".*duplicate_request"),
    ("Local length err Resp", r".*resp_local_length_error"), ("NAK sequence rcvd", r".*packet_seq_err"),
    ("Pkt Seq Num gap", r".*implied_nak_seq_err"), ("RNR NAK Packets", r".*rnr_nak_retry_err"),
    ("Remote access err Req", r".*req_remote_access_errors"), ("Remote access err Resp", r".*resp_remote_access_errors"),
    ("Remote invalid req", r".*req_remote_invalid_request"), ("RoCE ICRC Errors", r".*rx_icrc_encapsulated"),
    ("port_discards_received", r".*receive.*dropped")]
# The health log of NVMe disks (NVM Express Base Specification, log page 02h), in collectd's and smartd's words and the agent's.
NVME = [
    ("nvme_avail_spare", r"spare$"), ("nvme_critical_comp_time", r"throttle_time.*critical"),
    ("nvme_warning_temp_time", r"throttle_time.*warning"), ("(?:nvme_)?critical.warning", "critical warning"),
    ("nvme_media_errors", "media_errors"), ("nvme_num_err_log_entries|error log", "error_log_entries"),
    ("nvme_percent_used", "endurance_used"), ("nvme_power_cycles", "power_cycles"),
    ("nvme_power_on_hours", "power_on_time"), ("nvme_unsafe_shutdowns", "unsafe_shutdowns"),
    ("nvme_temperature", r"hw\.temperature")]
# Which of the agent's quantities tells the same as one of another program, by subject and in words of both. What another
# program sees and stands not here is listed as not seen.
SAME = [
    (TEMPERATURES, r"temperature$", r"(?:hw\.)?temperature$"), (TEMPERATURES, r".*(alarm|fault)", r"hw\.(alarm|sensor\.fault)"),
    (TEMPERATURES, r"temperature of a thermal zone", r"temperature of a thermal zone"),
    (VOLTAGES, r"voltage$", r"voltage$"), (VOLTAGES, r".*(alarm|fault)", r"hw\.(alarm|sensor\.fault)"),
    (FANS, r"speed$", r"speed$"), (FANS, r"drive$", r"drive$"), (FANS, r".*(alarm|fault)", r"hw\.(alarm|sensor\.fault)"),
    (POWER, r"power", r"power"), (POWER, r"curr", r"current"), (POWER, r"energy", r"energy"),
    (OTHER_SENSORS, r"state of a cooling device", r"state of a cooling device"),
    (POWER, r"energy of a \w+ \(RAPL\)", r"hw\.power of a domain"), (NETWORK_LINKS, r"bond: ", r"bond: ports"),
    (OTHER_SENSORS, r"intrusion_alarm", r"hw\.intrusion"), (OTHER_SENSORS, r"humidity", r"hw\.humidity"),
    (MEMORY, r"HardwareCorrupted", r"hw\.memory\.poisoned"),
    (MEMORY, r"(csrow_)?correctable_errors|errors of a controller: ce", r"hw\.errors\{error\.type=\"corrected"),
    (MEMORY, r"(csrow_)?uncorrectable_errors|errors of a controller: ue", r"hw\.errors\{error\.type=\"uncorrected"),
    (MEMORY, r"error$", r"hw\.memory\.error"), (MEMORY, r"page failure", r"hw\.memory\.page_poisoned"),
    (MACHINE_CHECKS, r".*", r"hw\.cpu\.machine_check"),
    (PCIE_ERRORS, r"AER event", r"hw\.pcie\.error"),
    (PROCESSORS, r"core throttles", r"hw\.cpu\.throttles\{scope=\"core"),
    (PROCESSORS, r"package throttles", r"hw\.cpu\.throttles\{scope=\"package"),
    (PROCESSORS, r"frequency|scaling_frequency|speed", r"hw\.cpu\.speed"),
    (DISK_LATENCY, r"io_now|qops", r"hw\.physical_disk\.in_flight|in_flight"),
    (DISK_LATENCY, r".*", r"await|stalled"),
    (NETWORK_ERRORS, r"(?:receive_errs|(?:if_)?errors/rx|errors inbound).*", r".*receive.*total"),
    (NETWORK_ERRORS, r"(?:transmit_errs|(?:if_)?errors/tx|errors outbound).*", r".*transmit.*total"),
    (NETWORK_ERRORS, r"(?:receive_drop|(?:if_)?dropped/rx|drops inbound).*", r".*receive.*dropped"),
    (NETWORK_ERRORS, r"(?:transmit_drop|(?:if_)?dropped/tx|drops outbound).*", r".*transmit.*dropped"),
    (NETWORK_ERRORS, r"receive_fifo.*|fifo (?:receive|inbound).*", r".*receive.*fifo"),
    (NETWORK_ERRORS, r"transmit_fifo.*|fifo (?:transmit|outbound).*", r".*transmit.*fifo"),
    (NETWORK_ERRORS, r"receive_frame.*|events frames", r".*receive.*frame"),
    (NETWORK_ERRORS, r"transmit_colls.*|events collisions|if_collisions", r".*transmit.*collision"),
    *((NETWORK_ERRORS, f"rx {kind}$", f".*receive.*{kind}") for kind in ("crc", "fifo", "frame", "length", "missed", "over")),
    *((NETWORK_ERRORS, f"tx {kind}$", f".*transmit.*{kind}") for kind in ("aborted", "carrier", "fifo", "heartbeat", "window")),
    (NETWORK_ERRORS, r"transmit_carrier.*|events carrier", r".*transmit.*carrier"),
    *((NETWORK_ERRORS, f"InfiniBand: (?:{theirs})", ours) for theirs, ours in INFINIBAND + ROCE),
    (NETWORK_LINKS, r"carrier_changes_total", r"carrier_changes"), (NETWORK_LINKS, r"carrier$|up$|operstate", r"link"),
    (NETWORK_LINKS, r"speed", r"speed"), (NETWORK_LINKS, r"duplex", r"duplex"),
    (NETWORK_LINKS, r"carrier_(up|down)_changes_total", r"carrier_changes"),
    (NETWORK_LINKS, r"InfiniBand: (state_id|physical_state_id)", r"link"),
    (NETWORK_LINKS, r"InfiniBand: link_downed", r"carrier_changes"), (NETWORK_LINKS, r"InfiniBand: rate", r"speed"),
    (RAID, r"state", r"hw\.raid\.state"),
    (RAID, r"(?:active|failed|spare|missing) disks|disks .*", r"hw\.raid\.(missing|spares)"),
    (RAID, r"health.*|nonredundant.*", r"hw\.raid\.(state|missing)"), (RAID, r"mismatch_cnt.*", r"hw\.raid\.mismatches"),
    (RAID, r"pool state", r"hw\.raid\.state"), (RAID, r"btrfs device errors", r"hw\.raid\.device_errors"),
    (SUPPLIES, r"capacity|charge", r"hw\.battery\.charge"), (SUPPLIES, r"voltage", r"hw\.battery\.voltage"),
    (SUPPLIES, r"power", r"hw\.power"), (SUPPLIES, r"online", r"hw\.psu\.state"),
    (SUPPLIES, r"energy_watthour|energy now", r"hw\.battery\.charge"),
    (DISK_ERRORS, r"NVMe state", r"hw\.physical_disk\.kernel_state"), (SUPPLIES, r"cyclecount", r".*cycle_count"),
    (FILE_SYSTEMS, r"device_error|readonly", r"hw\.filesystem\.state"),
    *((SMART_NVME, f"{theirs}$", f"(?:hw\\.physical_disk\\.)?(?:{ours})") for theirs, ours in NVME),
    (SMART_ATA, r".*", r".*"), (SMART_SCSI, r".*", r".*"),
    (IPMI_SENSORS, r"sensor", r".*"), (UPS, r".*", r".*"), (BOARD, r"clock: .*", r"hw\.clock\.offset")]


# What the running kernel says of itself, whatever tree is shown.
OF_THE_RUNNING_KERNEL = re.compile(r"clock: |device_error|readonly")
# Why the agent sees fewer parts of some quantities, on purpose.
ON_PURPOSE = [
    (PROCESSORS, r".*throttles", "by socket: the cores of a socket are added up"),
    (PROCESSORS, r".*frequency|speed", "by socket: its first core"),
    (DISK_LATENCY, r".*", "the agent's own figures: what waits and how long, and mean times where it looks twice"),
    (NETWORK_LINKS, r"carrier_(up|down)_changes", "counted together"),
    (NETWORK_LINKS, r"InfiniBand", "a port of an Ethernet card is watched as its network interface"),
    (NETWORK_LINKS, r"speed", "shown as -1 or 0 where there is no link"),
    (NETWORK_LINKS, r"up$", "shown as 0 where the recording has no file of the interface"),
    (NETWORK_LINKS, r"duplex", "of bonds and VLANs; and shown as unknown where there is no link"),
    (NETWORK_ERRORS, f"InfiniBand: (?:{'|'.join(theirs for theirs, _ in INFINIBAND)})",
     "shown as 0 where the port has no such counter"),
    (TEMPERATURES, r"temperature of a thermal zone", "a zone that is a monitoring chip as well is told as that chip"),
    (POWER, r"energy of a", "as power, from two looks; a recording is looked at once"),
    (OTHER_SENSORS, r"state of a cooling device", "one that has a single state (max_state 0) tells nothing"),
    (NETWORK_ERRORS, r"InfiniBand: CNP Pkts ignored", "a sign of congestion, no error of hardware"),
    (VOLTAGES, r"alarm", "an alarm whose limits nobody set is none"),
    (FANS, r"drive", "on a chip with fewer drives than fans nobody knows which drives which"),
    (FANS, r"alarm", "an alarm whose limits nobody set is none"),
    (TEMPERATURES, r"crit_alarm", "a chip without a name, which libsensors leaves out"),
    (SUPPLIES, r"cyclecount", "0 is of a battery that does not count")]


# A disk's temperature is one parameter, whether its chip or its SMART data tells it.
ALSO = {TEMPERATURES: (SMART_ATA, SMART_NVME, SMART_SCSI)}


class Unknown(Exception):
    """A series that no rule says what it means."""


def meaning(program, series):
    """Subject, quantity and part of a series of a program; None where it is no parameter."""
    for form, subject, quantity, *part in COMPILED[program]:
        match = form.match(f"{series.name} {series.part}" if program != "agent" else series.name)
        if not match:
            continue
        if subject is None:
            return None
        quantity = match.expand(quantity)
        where = match.expand(part[0]) if part else series.part
        if program == "agent":
            kind, bus, where = series.part.split(" ", 2)
            if subject == "by component":
                subject = BY_COMPONENT.get(kind, OTHER_SENSORS)
            elif subject == "smart":
                subject = BY_BUS.get(bus, SMART_SCSI)
        elif subject == "smart":
            subject = SMART_NVME if "nvme" in where else SMART_SCSI if "scsi" in where else SMART_ATA
        return subject, quantity, where
    raise Unknown(f"{program}: no rule for {series.name} of {series.part}")


def parameters(program, shown, on_tree=False):
    """The parameters among what a program showed: sets of parts by subject and quantity."""
    found = {}
    for series in shown:
        means = meaning(program, series)
        if means and not (on_tree and OF_THE_RUNNING_KERNEL.match(means[1])):
            found.setdefault(means[:2], set()).add(means[2])
    return found


def purpose(subject, quantity):
    """Why the agent sees fewer parts of a quantity, where that is meant."""
    return next((words for of, form, words in ON_PURPOSE if of == subject and re.match(form, quantity)), "")


def unseen(others, agents):
    """Subject, quantity, how many parts another program sees and how many the agent, where it is more."""
    for (subject, quantity), parts in sorted(others.items()):
        same = next((ours for of, theirs, ours in SAME if of == subject and re.match(theirs, quantity)), None)
        seen = set()
        for (ours_subject, ours), ours_parts in agents.items():
            if same and ours_subject in (subject, *ALSO.get(subject, ())) and re.match(same, ours):
                seen |= ours_parts
        if len(parts) > len(seen):
            yield subject, quantity, len(parts), len(seen)
