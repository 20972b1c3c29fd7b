import Reports

/// Faults that the collector itself diagnoses.
enum CollectorFaults {
    static let silencePattern = "collector.silence"
    static let twofoldPattern = "collector.twofold"

    /// Someone's heartbeats are missing.
    static func silence(_ finding: LivenessFinding, at time: Timestamp) -> Fault {
        let subject = finding.subject
        let isServer = subject.kind == .server
        let component = ComponentID(.server, subject.id)
        return Fault(
            id: FaultID(rawValue: "silence:\(subject.id):\(finding.dueAt.milliseconds)"), pattern: silencePattern,
            revision: 1, faultClass: isServer ? "server.silent" : "collector.silent", component: component,
            suspects: [Suspect(component: component, kind: .server, name: subject.name, part: Part(), certainty: 0.5)],
            urgency: .plan, because: finding.because,
            texts: isServer ? serverTexts(subject.name) : siteTexts(subject.name),
            action: "check-server", provenance: "the collector's own clock", openedAt: time, updatedAt: time)
    }

    /// Two machines report in one name.
    ///
    /// `plan`, as for silence: no part is to be sent, but while it lasts an order may name the wrong machine's part, and a
    /// machine that should be watched has no name of its own. Less than that nobody would be told.
    static func twofold(_ server: Server, at time: Timestamp) -> Fault {
        let component = ComponentID(.server, server.host)
        return Fault(
            id: FaultID(rawValue: "twofold:\(server.host):\(time.milliseconds)"), pattern: twofoldPattern, revision: 1,
            faultClass: "server.twofold", component: component,
            suspects: [
                Suspect(component: component, kind: .server, name: server.hostname, part: Part(), certainty: 0.5)
            ],
            urgency: .plan,
            because:
                "Reports of two boots of \(server.hostname) came by turns within an hour: a machine that starts anew never "
                + "has its old boot again.",
            texts: twofoldTexts(server.hostname), action: "check-server", provenance: "the collector's own account",
            openedAt: time, updatedAt: time)
    }

    private static func twofoldTexts(_ name: String) -> [String: FaultText] {
        [
            "en": FaultText(
                title: "Two machines report as \(name)",
                description: "One is a copy of the other: both have the same key and the same memory.",
                impact:
                    "Their faults are mixed up. A part may be ordered for the wrong one, and nothing ends by what only one states.",
                action:
                    "On the copy: systemctl stop callhome-agent, give it a machine-id and a key of its own, and enrol it "
                    + "anew: rm -r /var/lib/callhome-agent /etc/machine-id; systemd-machine-id-setup; callhome enroll."),
            "de": FaultText(
                title: "Zwei Maschinen melden sich als \(name)",
                description:
                    "Die eine ist eine Kopie der anderen: Beide haben denselben Schlüssel und dasselbe Gedächtnis.",
                impact:
                    "Ihre Fehler geraten durcheinander. Ein Teil kann für die falsche bestellt werden, und nichts endet durch "
                    + "das, was nur eine von beiden sagt.",
                action:
                    "Auf der Kopie: systemctl stop callhome-agent, ihr eine eigene machine-id und einen eigenen Schlüssel geben "
                    + "und sie neu anmelden: rm -r /var/lib/callhome-agent /etc/machine-id; systemd-machine-id-setup; callhome enroll."
            ),
        ]
    }

    private static func serverTexts(_ name: String) -> [String: FaultText] {
        [
            "en": FaultText(
                title: "Server \(name) is silent",
                description: "The server no longer sends the signs of life that it promised.",
                impact:
                    "The server may be off, cut off from the network, or its agent stopped; faults of it are not seen.",
                action:
                    "Check whether the server runs and reaches the collector; on it: systemctl status callhome-agent."),
            "de": FaultText(
                title: "Server \(name) meldet sich nicht",
                description: "Der Server sendet die zugesagten Lebenszeichen nicht mehr.",
                impact: "Der Server ist aus, ohne Netz, oder sein Agent steht; Fehler darauf werden nicht gesehen.",
                action: "Prüfen, ob der Server läuft und den Kollektor erreicht; dort: systemctl status callhome-agent."
            ),
        ]
    }

    private static func siteTexts(_ name: String) -> [String: FaultText] {
        [
            "en": FaultText(
                title: "The collector of \(name) is silent",
                description: "The collector of the site no longer sends the signs of life that it promised.",
                impact: "Nothing from any server of this site arrives here.",
                action:
                    "Call the site: check that its collector runs (systemctl status callhome-collector) and has network."
            ),
            "de": FaultText(
                title: "Der Kollektor von \(name) meldet sich nicht",
                description: "Der Kollektor des Standorts sendet die zugesagten Lebenszeichen nicht mehr.",
                impact: "Von keinem Server dieses Standorts kommt hier etwas an.",
                action: "Standort anrufen: läuft der Kollektor (systemctl status callhome-collector), hat er Netz?"),
        ]
    }

    /// A test as it may go out: never a part, never an order.
    static func defused(_ fault: Fault, test: String) -> Fault {
        var fault = fault
        fault.test = test
        fault.urgency = min(fault.urgency, .plan)
        fault.suspects = [
            Suspect(
                component: ComponentID(.test, "callhome"), kind: .test, name: "callhome test", part: Part(),
                certainty: 1)
        ]
        return fault
    }
}
