"""The server's management controller: OpenIPMI's simulator, with the sensors of a common board.

Sensors can be set from outside, and crossing a threshold makes an event in its log (SEL), as real ones do.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass

MC = 0x20
# Entity ids and sensor types of the IPMI specification 2.0, tables 43-13 and 42-3.
PROCESSOR, FAN, POWER_SUPPLY, MEMORY, BATTERY, AIR_INLET, CHASSIS, BOARD, DRIVE = 3, 0x1D, 0x0A, 0x20, 0x28, 0x37, 0x17, 7, 4
CELSIUS, VOLTS, WATTS, RPM = 1, 4, 6, 0x12


@dataclass(frozen=True)
class Analog:
    """A sensor with a value: reading = raw * factor * 10^exponent; thresholds are raw, None where there is none."""
    name: str
    number: int
    type: int
    unit: int
    entity: int
    raw: int
    upper: tuple  # non-recoverable, critical, non-critical
    lower: tuple
    factor: int
    exponent: int


@dataclass(frozen=True)
class Discrete:
    """A sensor of states (sensor-specific, IPMI table 42-3)."""
    name: str
    number: int
    type: int
    entity: int
    bits: int


ANALOG = [
    Analog("CPU1 Temp", 1, 1, CELSIUS, PROCESSOR, 45, (100, 95, 85), (None, None, None), 1, 0),
    Analog("Inlet Temp", 2, 1, CELSIUS, AIR_INLET, 24, (50, 45, 42), (None, 3, 5), 1, 0),
    Analog("DIMM A1 Temp", 3, 1, CELSIUS, MEMORY, 38, (95, 90, 80), (None, None, None), 1, 0),
    Analog("FAN1", 4, 4, RPM, FAN, 56, (None, None, None), (3, 5, 7), 100, 0),
    Analog("FAN2", 5, 4, RPM, FAN, 55, (None, None, None), (3, 5, 7), 100, 0),
    Analog("12V", 6, 2, VOLTS, BOARD, 201, (225, 220, 215), (175, 180, 185), 6, -2),
    Analog("VBAT", 7, 2, VOLTS, BATTERY, 152, (180, 178, 175), (120, 125, 130), 2, -2),
    Analog("PSU1 Input", 8, 0x0B, WATTS, POWER_SUPPLY, 24, (None, 100, 90), (None, None, None), 10, 0)]
DISCRETE = [
    Discrete("PSU1 Status", 16, 0x08, POWER_SUPPLY, 0b1), Discrete("PSU2 Status", 17, 0x08, POWER_SUPPLY, 0b1),
    Discrete("Memory ECC", 18, 0x0C, MEMORY, 0), Discrete("Drive Slot 0", 19, 0x0D, DRIVE, 0b1),
    Discrete("Chassis Intr", 20, 0x05, CHASSIS, 0)]


def free_ports(count):
    """Ports that nobody has, no two of them the same: all are held until the last is found."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def words(data):
    return " ".join(f"{byte:#04x}" for byte in data)


def name_field(name):
    return bytes([0xC0 | len(name)]) + name.encode()


def analog_lines(sensor, instance):
    """The simulator's commands, and the full sensor record (IPMI 2.0, 43.1)."""
    unr, uc, unc = sensor.upper
    lnr, lc, lnc = sensor.lower
    # In the order of the threshold bits: 5 is upper non-recoverable, 0 lower non-critical.
    limits = [unr, uc, unc, lnr, lc, lnc]
    mask, events = 0, ["0"] * 15
    for bit, limit in zip((5, 4, 3, 2, 1, 0), limits):
        if limit is not None:
            mask |= 1 << bit
            going = {0: 0, 1: 2, 2: 4, 3: 7, 4: 9, 5: 11}[bit]
            events[14 - going] = "1"
    events = "".join(events)
    event_mask = int(events, 2).to_bytes(2, "little")
    record = bytes([MC, 0, sensor.number, sensor.entity, instance, 0x7F, 0x68, sensor.type, 1])
    record += event_mask + event_mask + bytes([mask, mask, 0, sensor.unit, 0, 0])
    record += bytes([sensor.factor & 255, (sensor.factor >> 8) << 6, 0, 0, 0, (sensor.exponent & 15) << 4])
    record += bytes([0, 0, 0, 0, 255, 0]) + bytes(limit or 0 for limit in limits) + bytes([1, 1, 0, 0, 0])
    record += name_field(sensor.name)
    enabled = "".join("0" if limit is None else "1" for limit in limits)
    return [
        f"sensor_add {MC:#x} 0 {sensor.number} {sensor.type:#x} 0x01",
        f"sensor_set_value {MC:#x} 0 {sensor.number} {sensor.raw:#x} 0",
        f"sensor_set_hysteresis {MC:#x} 0 {sensor.number} settable 1 1",
        f"sensor_set_threshold {MC:#x} 0 {sensor.number} settable {enabled} "
        + " ".join(f"{limit or 0:#x}" for limit in limits),
        f"sensor_set_event_support {MC:#x} 0 {sensor.number} enable scanning per-state {events} {events} {events} {events}",
        f"main_sdr_add {MC:#x} {words(bytes([0, 0, 0x51, 1, len(record)]) + record)}"]


def discrete_lines(sensor):
    """The simulator's commands, and the compact sensor record (IPMI 2.0, 43.2)."""
    all_states = "000111111111111"
    lines = [
        f"sensor_add {MC:#x} 0 {sensor.number} {sensor.type:#x} 0x6f",
        f"sensor_set_event_support {MC:#x} 0 {sensor.number} enable scanning per-state " + " ".join([all_states] * 4)]
    lines += [f"sensor_set_bit {MC:#x} 0 {sensor.number} {bit} 1 0" for bit in range(15) if sensor.bits >> bit & 1]
    record = bytes([MC, 0, sensor.number, sensor.entity, sensor.number - 15, 0x67, 0x40, sensor.type, 0x6F])
    record += bytes([0xFF, 0x0F, 0xFF, 0x0F, 0xFF, 0x0F, 0xC0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    record += name_field(sensor.name)
    return lines + [f"main_sdr_add {MC:#x} {words(bytes([0, 0, 0x51, 2, len(record)]) + record)}"]


class ManagementController:
    """One simulated BMC. `port` is where QEMU connects."""

    def __init__(self, folder):
        self.folder = folder
        self.lan, self.port, self.console = free_ports(3)
        self.process = None
        os.makedirs(folder, exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write_configuration(self):
        authentication = "none md2 md5 straight"
        with open(self.path("lan.conf"), "w", encoding="utf-8") as file:
            file.write(
                f'name "laboratory"\nset_working_mc {MC:#x}\n  startlan 1\n    addr 127.0.0.1 {self.lan}\n'
                "    priv_limit admin\n"
                + "".join(f"    allowed_auths_{level} {authentication}\n"
                          for level in ("callback", "user", "operator", "admin"))
                + f"    guid a123456789abcdefa123456789abcdef\n  endlan\n  console 127.0.0.1 {self.console}\n"
                f"  serial kcs 127.0.0.1 {self.port} codec VM\n"
                f'  user 1 true "" "test" user 10 {authentication}\n'
                f'  user 2 true "ipmiusr" "test" admin 10 {authentication}\n')
        lines = [
            f"mc_setbmc {MC:#x}", f"mc_add {MC:#x} 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02",
            f"sel_enable {MC:#x} 1000 0x0a"]
        instances = {}
        for sensor in ANALOG:
            instances[sensor.entity] = instances.get(sensor.entity, 0) + 1
            lines += analog_lines(sensor, instances[sensor.entity])
        for sensor in DISCRETE:
            lines += discrete_lines(sensor)
        lines.append(f"mc_enable {MC:#x}")
        with open(self.path("emulation"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def start(self):
        self.write_configuration()
        os.makedirs(self.path("state"), exist_ok=True)
        log = open(self.path("log"), "ab")
        self.process = subprocess.Popen(
            ["ipmi_sim", "-n", "-c", self.path("lan.conf"), "-f", self.path("emulation"), "-s", self.path("state")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.wait_until_up()

    def wait_until_up(self, seconds=10):
        """A machine that starts without its management controller never looks for one again: its rows would say nothing."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", self.console), timeout=1) as console:
                    # Its prompt: a stranger at this port sends none.
                    if console.recv(1):
                        return
            except OSError:
                time.sleep(0.1)
        with open(self.path("log"), encoding="utf-8", errors="replace") as log:
            raise SystemExit(f"ipmi_sim does not start: {log.read()[-500:]}")

    def hang(self):
        """Takes commands and answers none, as a BMC does whose own software is stuck."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process is not None:
            self.go_on()
            self.process.terminate()
            self.process.wait()
            self.process = None

    def command(self, line):
        """One line on the simulator's console."""
        answer = b""
        with socket.create_connection(("127.0.0.1", self.console), timeout=5) as console:
            console.settimeout(0.5)
            console.sendall(line.encode() + b"\r\n")
            try:
                while data := console.recv(4096):
                    answer += data
            except TimeoutError:
                pass
        return answer.decode("latin-1")

    def number(self, name):
        return next(sensor.number for sensor in ANALOG + DISCRETE if sensor.name == name)

    def set_value(self, name, raw):
        """An analog sensor; crossing a threshold makes an event."""
        self.command(f"sensor_set_value {MC:#x} 0 {self.number(name)} {raw} 1")

    def set_bit(self, name, bit, on):
        """A state of a discrete sensor; its change makes an event."""
        self.command(f"sensor_set_bit {MC:#x} 0 {self.number(name)} {bit} {int(on)} 1")
