/// The texts of `Advice`, in both languages side by side.
public enum AdviceTexts {
    public struct Text: Sendable {
        let code: String
        let english: String
        let german: String
        let englishStep: String?
        let germanStep: String?

        func because(in language: Language) -> String { language(english, german) }

        func step(in language: Language) -> String? {
            guard let englishStep, let germanStep else { return nil }
            return language(englishStep, germanStep)
        }
    }

    static func text(_ code: String) -> Text? { byCode[code] }

    static let all = probes + absentProbes + management + sensors + storage + power + parts + site + uplink

    private static let byCode = Dictionary(all.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })

    /// Nothing can be done, or needs to be.
    private static func fact(_ code: String, _ english: String, _ german: String) -> Text {
        Text(code: code, english: english, german: german, englishStep: nil, germanStep: nil)
    }

    private static func task(
        _ code: String, _ english: String, _ german: String, do englishStep: String, tue germanStep: String
    ) -> Text {
        Text(code: code, english: english, german: german, englishStep: englishStep, germanStep: germanStep)
    }

    // MARK: A probe that does not read

    private static let probes: [Text] = [
        task(
            "probe.starting", "{0} has not looked yet.", "{0} hat noch nicht nachgesehen.",
            do: "Wait a few minutes and ask again.", tue: "Warten Sie einige Minuten und fragen Sie noch einmal."),
        task(
            "probe.disabled", "{0} is switched off in the configuration.",
            "{0} ist in der Konfiguration abgeschaltet.",
            do:
                "If it should look: delete the line “probe.{0}.enabled = no” in /etc/callhome/agent.conf or in a file of "
                + "/etc/callhome/agent.conf.d, then type: systemctl restart callhome-agent",
            tue: "Falls sie nachsehen soll: Löschen Sie die Zeile „probe.{0}.enabled = no“ in /etc/callhome/agent.conf "
                + "oder in einer Datei in /etc/callhome/agent.conf.d und geben Sie dann ein: systemctl restart "
                + "callhome-agent"),
        task(
            "probe.denied", "{0} has no permission: {1}.", "{0} darf nicht lesen: {1}.",
            do:
                "Start the agent as its service, which has the rights: systemctl restart callhome-agent. If it stays so, "
                + "look with “systemctl cat callhome-agent” for settings of your own that take them away.",
            tue: "Starten Sie den Agenten als Dienst, der die Rechte hat: systemctl restart callhome-agent. Bleibt es "
                + "dabei, suchen Sie mit „systemctl cat callhome-agent“ nach eigenen Einstellungen, die sie ihm nehmen."
        ),
        task(
            "probe.failing", "{0} fails: {1}.", "{0} scheitert: {1}.",
            do:
                "Look for messages about this device with: journalctl -k -p warning. If there are none, send the output "
                + "of “callhome-agent probe {0}” to whoever looks after Callhome.",
            tue: "Suchen Sie Meldungen zu diesem Gerät mit: journalctl -k -p warning. Gibt es keine, schicken Sie die "
                + "Ausgabe von „callhome-agent probe {0}“ an die Betreuung von Callhome."),
        task(
            "probe.hanging", "{0} gets no answer: {1}.", "{0} bekommt keine Antwort: {1}.",
            do:
                "Look for messages about this device with: journalctl -k -p warning. It goes on by itself once the device "
                + "answers; if it does not, restart the server at a quiet time.",
            tue:
                "Suchen Sie Meldungen zu diesem Gerät mit: journalctl -k -p warning. Sobald das Gerät antwortet, geht es "
                + "von selbst weiter; sonst starten Sie den Server zu einer ruhigen Zeit neu."),
        fact("probe.partly", "{0} does not see everything: {1}.", "{0} sieht nicht alles: {1}."),
        task(
            "log.overran",
            "The kernel's log overran: {0} messages were overwritten before they could be read, the last at {1}. A fault "
                + "that only they told of was not heard.",
            "Das Kernel-Protokoll ist übergelaufen: {0} Meldungen wurden überschrieben, bevor sie zu lesen waren, die "
                + "letzten um {1}. Ein Fehler, von dem nur sie berichtet haben, wurde nicht gehört.",
            do:
                "Look for what floods the log: journalctl -k --since -1d. If it goes on, give the log more room: add "
                + "log_buf_len=16M to the kernel's parameters (GRUB_CMDLINE_LINUX in /etc/default/grub, then type: "
                + "update-grub) and restart the server at a quiet time.",
            tue:
                "Suchen Sie, was das Protokoll füllt: journalctl -k --since -1d. Geht es weiter, geben Sie dem Protokoll "
                + "mehr Platz: Ergänzen Sie log_buf_len=16M bei den Parametern des Kernels (GRUB_CMDLINE_LINUX in "
                + "/etc/default/grub, dann eingeben: update-grub), und starten Sie den Server zu einer ruhigen Zeit neu."
        ),
        fact(
            "events.overran",
            "{2}: {0} errors came faster than they could be told apart, the last at {1}. What was told of the same parts "
                + "is judged; a part that only they named was not heard of.",
            "{2}: {0} Fehler kamen schneller, als sie zu unterscheiden waren, die letzten um {1}. Was von denselben Teilen "
                + "zu hören war, ist beurteilt; von einem Teil, das nur sie nannten, war nichts zu hören."),
        task(
            "probe.other", "{0} is in the state {1}: {2}.", "{0} ist im Zustand {1}: {2}.",
            do: "Install the newest version of Callhome here, so that this state is explained.",
            tue: "Installieren Sie hier die neueste Version von Callhome, damit dieser Zustand erklärt wird."),
    ]

    // MARK: An interface that the machine has not

    private static let absentProbes: [Text] = [
        fact("absent", "{0} sees nothing: {1}.", "{0} sieht nichts: {1}."),
        fact(
            "absent.chip-sensors", "The kernel knows no monitoring chip.", "Der Kernel kennt keinen Überwachungs-Chip."),
        fact(
            "absent.memory-errors", "The kernel counts no memory errors: {1}.", "Der Kernel zählt keine Speicherfehler."
        ),
        fact("absent.disk-health", "No disk tells its health: {1}.", "Keine Festplatte sagt, wie es ihr geht."),
        fact(
            "absent.inventory", "The firmware names no parts: {1}.", "Die Firmware nennt keine Teile."),
        fact("absent.pcie", "No plug-in cards are seen: {1}.", "Es sind keine Steckkarten zu sehen."),
        fact("absent.network", "There is no network port: {1}.", "Es gibt keinen Netzwerkanschluss in Hardware."),
        fact("absent.gpu", "There is no graphics card that can be asked: {1}.", "Keine Grafikkarte lässt sich fragen."),
        fact("absent.site", "There are no checks of your own: {1}.", "Es gibt keine eigenen Prüfungen."),
        fact("absent.disk-latency", "There is no disk: {1}.", "Es gibt keine Festplatte."),
        fact(
            "absent.enclosures", "There is no storage controller and no disk shelf.",
            "Es gibt keinen Festplatten-Controller und kein Festplattengehäuse."),
        fact("absent.raid", "The kernel manages no group of disks.", "Der Kernel verwaltet keinen Festplattenverbund."),
        fact(
            "absent.raid-controllers", "No RAID controller was found.", "Es wurde kein RAID-Controller gefunden."),
        fact(
            "absent.ipmi", "The management controller (BMC) cannot be asked: {1}.",
            "Der Verwaltungs-Controller (BMC) lässt sich nicht fragen."),
        fact(
            "absent.redfish", "No management controller is asked over the network (Redfish).",
            "Es wird kein Verwaltungs-Controller über das Netz gefragt (Redfish)."),
        fact(
            "absent.ups", "No uninterruptible power supply (UPS) is asked.",
            "Es wird keine unterbrechungsfreie Stromversorgung (USV) gefragt."),
        fact(
            "absent.power-supplies", "The kernel knows no power supply; servers tell of theirs through the BMC.",
            "Der Kernel kennt kein Netzteil; Server melden ihre über den BMC."),
        fact(
            "absent.filesystems", "There is no file system on a disk: {1}.",
            "Es gibt kein Dateisystem auf einer Festplatte."),
        fact("absent.kernel-log", "The kernel's log cannot be read: {1}.", "Das Kernel-Protokoll ist nicht zu lesen."),
        fact(
            "absent.machine-checks", "The kernel hands over no trace events: {1}.",
            "Der Kernel gibt keine Ereignisse (Tracing) heraus."),
        fact(
            "absent.processors", "The kernel does not say which processors there are: {1}.",
            "Der Kernel sagt nicht, welche Prozessoren es gibt."),
        fact(
            "absent.thermal", "The kernel knows no thermal zone and no energy counter of its own.",
            "Der Kernel kennt keine eigene Temperaturzone und keinen Energiezähler."),
        fact("absent.board", "The board tells nothing: {1}.", "Die Hauptplatine sagt nichts."),
    ]

    private static let management: [Text] = [
        task(
            "bmc.driver",
            "This server has a management controller (BMC), and the kernel's driver for it is not loaded.",
            "Dieser Server hat einen Verwaltungs-Controller (BMC), und der Treiber des Kernels dafür ist nicht geladen.",
            do:
                "Type as root: modprobe -a ipmi_si ipmi_devintf. So that it stays, write ipmi_si and ipmi_devintf, each "
                + "on a line of its own, into the file /etc/modules-load.d/callhome.conf.",
            tue:
                "Geben Sie als root ein: modprobe -a ipmi_si ipmi_devintf. Damit es so bleibt, schreiben Sie ipmi_si und "
                + "ipmi_devintf, jedes in eine eigene Zeile, in die Datei /etc/modules-load.d/callhome.conf."),
        task(
            "bmc.tool", "ipmitool, which asks the management controller (BMC), is not installed.",
            "ipmitool, das den Verwaltungs-Controller (BMC) fragt, ist nicht installiert.",
            do: "Type as root: apt-get install ipmitool", tue: "Geben Sie als root ein: apt-get install ipmitool"),
        fact(
            "bmc.none", "Only a management controller (BMC) could tell, and this machine has none.",
            "Nur ein Verwaltungs-Controller (BMC) könnte es sagen, und diese Maschine hat keinen."),
        task(
            "redfish.address",
            "This server has a management controller (BMC), and its address in the network (Redfish) is not known here.",
            "Dieser Server hat einen Verwaltungs-Controller (BMC), und seine Adresse im Netz (Redfish) ist hier nicht "
                + "bekannt.",
            do: "In /etc/callhome/agent.conf take away the # before the lines redfish, redfish.credentials and "
                + "redfish.certificate, and write the BMC's address behind “redfish =” (https://…, as its web page has "
                + "it). The password (as user:password) goes into a file that only root can read, named by "
                + "LoadCredential=redfish:FILE after: systemctl edit callhome-agent. Then type: systemctl restart "
                + "callhome-agent",
            tue: "Nehmen Sie in /etc/callhome/agent.conf das # vor den Zeilen redfish, redfish.credentials und "
                + "redfish.certificate weg und schreiben Sie die Adresse des BMC hinter „redfish =“ (https://…, wie die "
                + "seiner Webseite). Das Passwort (als Name:Passwort) kommt in eine Datei, die nur root lesen darf; "
                + "nennen Sie diese mit LoadCredential=redfish:DATEI nach: systemctl edit callhome-agent. Danach: "
                + "systemctl restart callhome-agent"),
    ]

    private static let sensors: [Text] = [
        fact(
            "sensors.virtual", "A virtual machine has no sensors; its host has them.",
            "Eine virtuelle Maschine hat keine Fühler; die hat ihr Wirt."),
        task(
            "sensors.processor", "The kernel's driver for the processor's thermometer is not loaded.",
            "Der Treiber des Kernels für das Thermometer des Prozessors ist nicht geladen.",
            do: "Type as root: modprobe {0}. So that it stays, write {0} on a line of its own into the file "
                + "/etc/modules-load.d/callhome.conf.",
            tue: "Geben Sie als root ein: modprobe {0}. Damit es so bleibt, schreiben Sie {0} in eine eigene Zeile der "
                + "Datei /etc/modules-load.d/callhome.conf."),
        task(
            "sensors.board", "The kernel's driver for the board's monitoring chip is not loaded.",
            "Der Treiber des Kernels für den Überwachungs-Chip der Hauptplatine ist nicht geladen.",
            do:
                "Look in the board's manual for its monitoring chip, and write the name of its driver on a line of its own "
                + "into the file /etc/modules-load.d/callhome.conf: nct6775 for chips of Nuvoton, it87 for ITE, f71882fg "
                + "for Fintek. It is loaded at the next start. Do not try drivers out on a running server.",
            tue: "Suchen Sie im Handbuch der Hauptplatine den Überwachungs-Chip und schreiben Sie den Namen seines "
                + "Treibers in eine eigene Zeile der Datei /etc/modules-load.d/callhome.conf: nct6775 für Chips von "
                + "Nuvoton, it87 für ITE, f71882fg für Fintek. Geladen wird er beim nächsten Start. Probieren Sie Treiber "
                + "nicht am laufenden Server aus."),
        fact(
            "ecc.none", "The memory modules have no error correction (ECC), so nothing counts their errors.",
            "Die Speicherriegel haben keine Fehlerkorrektur (ECC), also zählt niemand ihre Fehler."),
        task(
            "ecc.driver",
            "Nothing counts the memory's errors: the kernel's driver (EDAC) for it is not loaded, or the "
                + "BIOS keeps the errors to itself.",
            "Niemand zählt die Speicherfehler: Der Treiber des Kernels dafür (EDAC) ist nicht geladen, oder das BIOS "
                + "behält die Fehler für sich.",
            do: "Type as root: modprobe {0}. If it works, write {0} on a line of its own into the file "
                + "/etc/modules-load.d/callhome.conf. If it says “No such device”, switch ECC on in the BIOS setup "
                + "(often under memory or chipset), where the modules have it.",
            tue: "Geben Sie als root ein: modprobe {0}. Gelingt es, schreiben Sie {0} in eine eigene Zeile der Datei "
                + "/etc/modules-load.d/callhome.conf. Heißt es „No such device“, schalten Sie im BIOS-Setup (oft unter "
                + "Speicher oder Chipsatz) ECC ein, falls die Riegel es können."),
        fact(
            "ecc.virtual", "A virtual machine sees no memory errors; its host does.",
            "Eine virtuelle Maschine sieht keine Speicherfehler; ihr Wirt sieht sie."),
        task(
            "ecc.hidden",
            "Nothing counts the memory's errors: the BIOS keeps them to itself, or the memory has no ECC.",
            "Niemand zählt die Speicherfehler: Das BIOS behält sie für sich, oder der Speicher hat kein ECC.",
            do: "If the modules have ECC (their label says so): switch it on in the BIOS setup, often under memory or "
                + "chipset, and there too that errors are reported to the operating system.",
            tue: "Haben die Riegel ECC (es steht auf dem Aufkleber): Schalten Sie es im BIOS-Setup ein, oft unter "
                + "Speicher oder Chipsatz, und dort auch, dass Fehler dem Betriebssystem gemeldet werden."),
        task(
            "tracefs", "The kernel's trace events, which tell where an error was, are not mounted.",
            "Die Ereignisse des Kernels (tracefs), die sagen, wo ein Fehler war, sind nicht eingehängt.",
            do: "Type as root: systemctl start sys-kernel-tracing.mount && systemctl restart callhome-agent",
            tue: "Geben Sie als root ein: systemctl start sys-kernel-tracing.mount && systemctl restart callhome-agent"),
        task(
            "gpu.driver",
            "A card of NVIDIA is plugged in ({0}), and NVIDIA's driver, which alone tells of its health, is "
                + "not installed.",
            "Eine Karte von NVIDIA steckt im Server ({0}), und der Treiber von NVIDIA, der allein von ihrem Zustand "
                + "weiß, ist nicht installiert.",
            do:
                "Install NVIDIA's own driver (Debian: the package nvidia-driver from non-free), restart the server, and "
                + "check with: nvidia-smi",
            tue:
                "Installieren Sie den Treiber von NVIDIA (Debian: das Paket nvidia-driver aus non-free), starten Sie den "
                + "Server neu und prüfen Sie mit: nvidia-smi"),
    ]

    private static let storage: [Text] = [
        task(
            "smartctl", "smartctl, which asks disks for their health, is not installed.",
            "smartctl, das Festplatten nach ihrem Zustand fragt, ist nicht installiert.",
            do: "Type as root: apt-get install smartmontools",
            tue: "Geben Sie als root ein: apt-get install smartmontools"),
        task(
            "raid.tool",
            "The RAID controller {0} hides its disks and its battery, and its maker's program {1} is not installed.",
            "Der RAID-Controller {0} verbirgt seine Festplatten und seine Batterie, und das Programm {1} seines "
                + "Herstellers ist nicht installiert.",
            do:
                "Get {1} from the support pages of {2} (Debian does not have it), install it, and check that it is found: "
                + "type {1}. If it lies in a folder below /opt, link it: ln -s /opt/…/{1} /usr/local/sbin/{1}. Then type: "
                + "systemctl restart callhome-agent",
            tue:
                "Holen Sie {1} von den Support-Seiten von {2} (Debian hat es nicht), installieren Sie es und prüfen Sie, "
                + "ob es gefunden wird: {1} eingeben. Liegt es in einem Ordner unter /opt, verknüpfen Sie es: "
                + "ln -s /opt/…/{1} /usr/local/sbin/{1}. Danach: systemctl restart callhome-agent"),
    ]

    private static let nutSteps = (
        english:
            "1. Type as root: apt-get install nut-server nut-client. 2. Write into /etc/nut/ups.conf the three lines "
            + "“[ups]”, “driver = usbhid-ups”, “port = auto” (for a UPS on the network: driver = snmp-ups, port = its "
            + "address). 3. In /etc/nut/nut.conf write the line “MODE=standalone”. 4. Type: systemctl restart "
            + "nut-driver-enumerator nut-server. 5. Check with: upsc ups",
        german:
            "1. Geben Sie als root ein: apt-get install nut-server nut-client. 2. Schreiben Sie in /etc/nut/ups.conf "
            + "die drei Zeilen „[ups]“, „driver = usbhid-ups“, „port = auto“ (für eine USV im Netz: driver = snmp-ups, "
            + "port = ihre Adresse). 3. Schreiben Sie in /etc/nut/nut.conf die Zeile „MODE=standalone“. 4. Geben Sie "
            + "ein: systemctl restart nut-driver-enumerator nut-server. 5. Prüfen Sie mit: upsc ups"
    )

    private static let power: [Text] = [
        task(
            "ups.attached", "A UPS is plugged in ({0}), and nobody asks it: the program for it (NUT) is not installed.",
            "Eine USV ist angeschlossen ({0}), und niemand fragt sie: Das Programm dafür (NUT) ist nicht installiert.",
            do: nutSteps.english, tue: nutSteps.german),
        task(
            "ups.silent",
            "The program that asks a UPS (NUT) is installed, and it does not answer: it is not set up, or not running.",
            "Das Programm, das eine USV fragt (NUT), ist installiert und antwortet nicht: Es ist nicht eingerichtet oder "
                + "läuft nicht.",
            do:
                "1. /etc/nut/ups.conf needs the lines “[ups]”, “driver = usbhid-ups”, “port = auto”. 2. /etc/nut/nut.conf "
                + "needs the line “MODE=standalone”. 3. Type as root: systemctl restart nut-driver-enumerator nut-server. "
                + "4. Check with: upsc ups",
            tue: "1. /etc/nut/ups.conf braucht die Zeilen „[ups]“, „driver = usbhid-ups“, „port = auto“. "
                + "2. /etc/nut/nut.conf braucht die Zeile „MODE=standalone“. 3. Geben Sie als root ein: systemctl restart "
                + "nut-driver-enumerator nut-server. 4. Prüfen Sie mit: upsc ups"),
        task(
            "ups.question", "No UPS is asked. If one is attached, its battery may be worn out and nobody would know.",
            "Es wird keine USV gefragt. Ist eine angeschlossen, könnte ihre Batterie verbraucht sein, ohne dass es jemand "
                + "merkt.",
            do:
                "If there is no UPS: write “probe.ups.enabled = no” into /etc/callhome/agent.conf.d/own.conf, then type: "
                + "systemctl restart callhome-agent, and this question is gone. If there is one: " + nutSteps.english,
            tue:
                "Gibt es keine USV: Schreiben Sie „probe.ups.enabled = no“ in /etc/callhome/agent.conf.d/own.conf, dann "
                + "systemctl restart callhome-agent, und diese Frage ist erledigt. Gibt es eine: " + nutSteps.german),
    ]

    // MARK: A check of the site that does not report

    private static let site: [Text] = [
        task(
            "site.missing", "The check {0} was there and is there no more, or cannot be looked at.",
            "Die Prüfung {0} war da und ist es nicht mehr, oder sie lässt sich nicht ansehen.",
            do: "Put the check back, or leave it: from the next look on it counts as taken away. Look with: ls -l {0}",
            tue:
                "Legen Sie die Prüfung wieder hin, oder lassen Sie es: Vom nächsten Nachsehen an gilt sie als entfernt. "
                + "Sehen Sie nach mit: ls -l {0}"),
        task(
            "site.not-regular",
            "The check {0} is no regular file but a link, a folder or something else, and is not run.",
            "Die Prüfung {0} ist keine gewöhnliche Datei, sondern ein Verweis, ein Ordner oder etwas anderes, und wird "
                + "nicht ausgeführt.",
            do: "Put the program itself there: cp --remove-destination $(readlink -f {0}) {0}",
            tue: "Legen Sie das Programm selbst dorthin: cp --remove-destination $(readlink -f {0}) {0}"),
        task(
            "site.not-folder", "{0} is no folder but a link or something else, and no check in it is run.",
            "{0} ist kein Ordner, sondern ein Verweis oder etwas anderes, und keine Prüfung darin wird ausgeführt.",
            do: "Make {0} a folder of its own, and put the checks into it.",
            tue: "Machen Sie {0} zu einem eigenen Ordner und legen Sie die Prüfungen hinein."),
        task(
            "site.foreign-owner",
            "{0} belongs to user {1}, who could change what runs with the agent's rights: it is not "
                + "run.",
            "{0} gehört dem Benutzer {1}, der ändern könnte, was mit den Rechten des Agenten läuft: Es wird nicht "
                + "ausgeführt.",
            do: "Look whether it is what it should be, then type as root: chown root: {0}",
            tue: "Sehen Sie nach, ob es das ist, was es sein soll, und geben Sie dann als root ein: chown root: {0}"),
        task(
            "site.writable",
            "{0} may be written by others than root, who could change what runs with the agent's rights: "
                + "it is not run.",
            "{0} dürfen andere als root ändern, und damit, was mit den Rechten des Agenten läuft: Es wird nicht "
                + "ausgeführt.",
            do: "Look whether it is what it should be, then type as root: chmod go-w {0}",
            tue: "Sehen Sie nach, ob es das ist, was es sein soll, und geben Sie dann als root ein: chmod go-w {0}"),
        task(
            "site.not-executable", "The check {0} is not executable.", "Die Prüfung {0} ist nicht ausführbar.",
            do: "Type as root: chmod 755 {0}. If it is no check, take it out of the folder.",
            tue: "Geben Sie als root ein: chmod 755 {0}. Ist es keine Prüfung, nehmen Sie es aus dem Ordner."),
        task(
            "site.no-interpreter", "The check {0} is written for {1}, which is not installed here.",
            "Die Prüfung {0} ist für {1} geschrieben, und das ist hier nicht installiert.",
            do: "Install {1}, or mend the first line of {0}.",
            tue: "Installieren Sie {1}, oder berichtigen Sie die erste Zeile von {0}."),
        task(
            "site.line-ends", "The lines of the check {0} end as on Windows, so that its first line names no program.",
            "Die Zeilen der Prüfung {0} enden wie unter Windows, sodass ihre erste Zeile kein Programm nennt.",
            do: "Type as root: sed -i 's/\\r$//' {0}", tue: "Geben Sie als root ein: sed -i 's/\\r$//' {0}"),
        task(
            "site.no-runner", "setpriv is not installed, without which no check is run, {0} neither.",
            "setpriv ist nicht installiert; ohne dieses Programm läuft keine Prüfung, auch {0} nicht.",
            do: "Type as root: apt-get install util-linux", tue: "Geben Sie als root ein: apt-get install util-linux"),
        task(
            "site.timed-out", "The check {0} did not end within {1} seconds.",
            "Die Prüfung {0} war nach {1} Sekunden nicht fertig.",
            do: "See what it waits for: time {0}", tue: "Sehen Sie nach, worauf sie wartet: time {0}"),
        task(
            "site.stuck", "The check {0} hangs in the kernel since its last run and is not started again.",
            "Die Prüfung {0} hängt seit ihrem letzten Lauf im Kernel und wird nicht noch einmal gestartet.",
            do: "See what it waits for: ps -eo pid,stat,wchan:30,args | grep {0}",
            tue: "Sehen Sie nach, worauf sie wartet: ps -eo pid,stat,wchan:30,args | grep {0}"),
        task(
            "site.too-much", "The check {0} printed more than {1} bytes.",
            "Die Prüfung {0} hat mehr als {1} Byte ausgegeben.",
            do: "A check prints a line or a few: see what it prints with: {0} | head",
            tue: "Eine Prüfung gibt eine oder wenige Zeilen aus. Sehen Sie nach, was sie ausgibt: {0} | head"),
        task(
            "site.exit-code",
            "The check {0} ended with exit code {1}, which says nothing: 0 is good, 1 a warning, 2 "
                + "critical.",
            "Die Prüfung {0} endete mit dem Wert {1}, der nichts sagt: 0 ist gut, 1 eine Warnung, 2 kritisch.",
            do: "Run it by hand and see what it says: {0}; echo $?",
            tue: "Führen Sie sie von Hand aus und sehen Sie, was sie sagt: {0}; echo $?"),
        task(
            "site.unreadable-value", "The check {0} printed a value of {1} that is none.",
            "Die Prüfung {0} hat für {1} einen Wert ausgegeben, der keiner ist.",
            do:
                "STATUS must be ok, warning or critical, BACKUP_TIME seconds since 1970, BACKUP_AGE seconds. See what "
                + "it prints: {0}",
            tue: "STATUS muss ok, warning oder critical sein, BACKUP_TIME Sekunden seit 1970, BACKUP_AGE Sekunden. "
                + "Sehen Sie nach, was sie ausgibt: {0}"),
        task(
            "site.failed", "The check {0} could not be run: {1}.", "Die Prüfung {0} ließ sich nicht ausführen: {1}.",
            do: "Run it by hand and see what it says: {0}",
            tue: "Führen Sie sie von Hand aus und sehen Sie, was sie sagt: {0}"),
    ]

    // MARK: A part that does not report

    private static let parts: [Text] = [
        fact(
            "memory.place",
            "The kernel's driver for the memory ({0}) says in which module an error was, and not where in it.",
            "Der Treiber des Kernels für den Speicher ({0}) sagt, in welchem Modul ein Fehler war, und nicht, wo darin."
        ),
        task(
            "memory.rows",
            "The kernel counts memory errors by row and channel alone, as EDAC did before Linux 3.6: which module it is stays "
                + "open, so that what the management controller tells of the same failure is a fault of its own.",
            "Der Kernel zählt Speicherfehler nur nach Zeile und Kanal, wie EDAC es vor Linux 3.6 tat: Welches Modul es ist, "
                + "bleibt offen, und was der Management-Controller vom selben Fehler meldet, ist ein eigener.",
            do:
                "Run a kernel from 3.6 on, whose driver for this memory counts by module (/sys/devices/system/edac/mc/mc*/dimm*).",
            tue: "Nehmen Sie einen Kernel ab 3.6, dessen Treiber für diesen Speicher nach Modulen zählt "
                + "(/sys/devices/system/edac/mc/mc*/dimm*)."),
        task(
            "memory.bits.option",
            "The kernel's driver for the memory (i10nm_edac) could say which bits of the memory were wrong and in which chip, "
                + "and is not set to.",
            "Der Treiber des Kernels für den Speicher (i10nm_edac) könnte sagen, welche Bits des Speichers falsch waren und "
                + "in welchem Chip, und ist nicht darauf eingestellt.",
            do:
                "Write the line “options i10nm_edac retry_rd_err_log=1” into the file /etc/modprobe.d/callhome.conf, type: "
                + "update-initramfs -u, and restart the server at a quiet time. Do not set 2: that takes the registers away "
                + "from the firmware.",
            tue: "Schreiben Sie die Zeile „options i10nm_edac retry_rd_err_log=1“ in die Datei "
                + "/etc/modprobe.d/callhome.conf, geben Sie ein: update-initramfs -u, und starten Sie den Server zu einer "
                + "ruhigen Zeit neu. Setzen Sie nicht 2: Das nimmt der Firmware die Register weg."),
        fact(
            "memory.bits.firmware",
            "The firmware reads memory errors before the kernel does, and does not say which bits were wrong.",
            "Die Firmware liest Speicherfehler vor dem Kernel und sagt nicht, welche Bits falsch waren."),
        fact(
            "memory.bits",
            "The kernel's driver for the memory ({0}) does not say which bits of the memory were wrong.",
            "Der Treiber des Kernels für den Speicher ({0}) sagt nicht, welche Bits des Speichers falsch waren."),
        fact("part.silent", "This part does not tell {0}.", "Dieses Teil sagt nichts über {0}."),
        task(
            "pattern.unread", "The agent on this server cannot read this pattern: {0}.",
            "Der Agent auf diesem Server kann dieses Fehlermuster nicht lesen.",
            do: "Update the agent: apt-get update; apt-get install callhome-agent. If it is the newest, the pattern is "
                + "wrong: whoever wrote it can check it with “callhome patterns lint”.",
            tue: "Aktualisieren Sie den Agenten: apt-get update; apt-get install callhome-agent. Ist er schon der "
                + "neueste, ist das Muster falsch: Wer es geschrieben hat, kann es mit „callhome patterns lint“ prüfen."
        ),
        fact(
            "pattern.withdrawn", "Its maker has taken this pattern back, so that it does not run: {0}.",
            "Der Hersteller hat dieses Fehlermuster zurückgezogen, es läuft nicht: {0}."),
        task(
            "pattern.switched-off", "This site has switched this pattern off: {0}.",
            "Dieser Standort hat dieses Fehlermuster abgeschaltet: {0}.",
            do:
                "Once the reason is gone, take its entry under “disable” out of /etc/callhome/patterns.overlay.yaml and build "
                + "the overlay anew: callhome patterns overlay",
            tue:
                "Ist der Grund vorbei, nehmen Sie den Eintrag unter „disable“ aus /etc/callhome/patterns.overlay.yaml und "
                + "bauen Sie die Datei neu: callhome patterns overlay"),
        task(
            "pattern.on-trial",
            "This site has set this pattern on trial: what it finds is shown, and makes no ticket: {0}.",
            "Dieser Standort probt dieses Fehlermuster nur: Was es findet, wird angezeigt und meldet nichts: {0}.",
            do:
                "Once the reason is gone, take its entry under “shadow” out of /etc/callhome/patterns.overlay.yaml and build "
                + "the overlay anew: callhome patterns overlay",
            tue:
                "Ist der Grund vorbei, nehmen Sie den Eintrag unter „shadow“ aus /etc/callhome/patterns.overlay.yaml und "
                + "bauen Sie die Datei neu: callhome patterns overlay"),
        fact("signal.untold", "Nothing tells {0} yet.", "Noch sagt nichts etwas über {0}."),
        fact(
            "kind.silent", "The machine does not tell of such a part, though every server has one.",
            "Die Maschine nennt kein solches Teil, obwohl jeder Server eines hat."),
        fact(
            "value.asleep", "{0}: the disk sleeps and is not woken; it is read when it is next in use.",
            "{0}: Die Festplatte schläft und wird nicht geweckt; gelesen wird, wenn sie wieder gebraucht wird."),
        task(
            "value.denied", "{0} cannot be read: no permission.", "{0} ist nicht zu lesen: keine Erlaubnis.",
            do: "Start the agent as its service, which has the rights: systemctl restart callhome-agent",
            tue: "Starten Sie den Agenten als Dienst, der die Rechte hat: systemctl restart callhome-agent"),
        task(
            "value.readError", "{0} cannot be read: the device answers with an error.",
            "{0} ist nicht zu lesen: Das Gerät antwortet mit einem Fehler.",
            do: "Look for messages about this device with: journalctl -k -p warning",
            tue: "Suchen Sie Meldungen zu diesem Gerät mit: journalctl -k -p warning"),
        task(
            "value.malformed", "{0} comes in a form that cannot be read.", "{0} kommt in unlesbarer Form.",
            do: "Send the output of “callhome-agent once” to whoever looks after Callhome.",
            tue: "Schicken Sie die Ausgabe von „callhome-agent once“ an die Betreuung von Callhome."),
        task(
            "value.timedOut", "{0}: the device does not answer in time.", "{0}: Das Gerät antwortet nicht rechtzeitig.",
            do: "Look for messages about this device with: journalctl -k -p warning",
            tue: "Suchen Sie Meldungen zu diesem Gerät mit: journalctl -k -p warning"),
        task(
            "value.sensorFault", "{0}: the sensor says of itself that it is faulty.",
            "{0}: Der Fühler meldet selbst, dass er defekt ist.",
            do:
                "Check at the next visit whether its plug is loose; a sensor that is soldered in is mended with its part.",
            tue: "Prüfen Sie beim nächsten Besuch, ob sein Stecker lose ist; ein eingelöteter wird mit seinem Teil "
                + "getauscht."),
        fact(
            "value.unset", "{0}: the maker has set no limit for it.",
            "{0}: Der Hersteller hat keinen Grenzwert gesetzt."),
        fact(
            "value.notPlausible", "{0}: the device gives a number that no such sensor can show.",
            "{0}: Das Gerät liefert eine Zahl, die kein solcher Fühler zeigen kann."),
        task(
            "value.notPersistent",
            "{0}: the card's driver forgets its counts whenever nobody uses the card, and is asked once in an hour only.",
            "{0}: Der Treiber der Karte vergisst ihre Zähler, sobald niemand sie benutzt, und wird nur stündlich gefragt.",
            do: "Let the driver keep the card ready: systemctl enable --now nvidia-persistenced",
            tue: "Lassen Sie den Treiber die Karte bereithalten: systemctl enable --now nvidia-persistenced"),
        fact("value.notFinite", "{0}: the device gives no number.", "{0}: Das Gerät liefert keine Zahl."),
        fact("value.other", "{0} cannot be read: {1}.", "{0} ist nicht zu lesen: {1}."),
    ]

    // MARK: The way to the collector

    private static let uplink: [Text] = [
        task(
            "uplink.not-enrolled", "This server is not joined to a collector: nobody hears of its faults.",
            "Dieser Server ist bei keinem Sammler angemeldet: Niemand erfährt von seinen Störungen.",
            do: "On the collector type: callhome-collector tokens create. It prints a command: type that one here.",
            tue:
                "Geben Sie auf dem Sammler ein: callhome-collector tokens create. Es zeigt einen Befehl: Geben Sie den "
                + "hier ein."),
        task(
            "uplink.retrying", "Reports do not reach the collector: {0}.", "Berichte erreichen den Sammler nicht: {0}.",
            do:
                "Check that the collector's machine is switched on and that the network leads there. Nothing is lost: the "
                + "agent keeps its reports and goes on trying.",
            tue: "Prüfen Sie, ob der Rechner des Sammlers läuft und das Netz dorthin führt. Verloren geht nichts: Der "
                + "Agent hebt seine Berichte auf und versucht es weiter."),
        task(
            "uplink.refused", "The collector refuses this server: {0}.", "Der Sammler weist diesen Server ab: {0}.",
            do:
                "Join it again: on the collector type “callhome-collector tokens create --replace” with this server's name "
                + "behind it, and here the command that it prints: so it keeps its history.",
            tue:
                "Melden Sie ihn neu an: auf dem Sammler „callhome-collector tokens create --replace“ mit dem Namen dieses "
                + "Servers dahinter eingeben, und hier den Befehl, den es zeigt: So behält er seine Geschichte."
        ),
    ]
}
