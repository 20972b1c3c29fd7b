import Reports

/// The fixed words of the console's templates: `{{w.name}}`.
enum ConsoleStrings {
    static func all(in language: Language) -> [String: String] {
        words.mapValues { language($0.english, $0.german) }
    }

    static let words: [String: (english: String, german: String)] = [
        "servers": ("Servers", "Server"),
        "cases": ("Cases", "Fälle"),
        "delivery": ("Messages", "Meldungen"),
        "patterns": ("Patterns", "Muster"),
        "noChannels": (
            "No channel of patterns is set up: servers run the patterns of their packages.",
            "Kein Kanal mit Mustern ist eingerichtet: Server verwenden die Muster ihrer Pakete."
        ),
        "howToChannel": (
            "Set channel.NAME.source and channel.NAME.root in collector.conf, then: systemctl restart callhome-collector",
            "channel.NAME.source und channel.NAME.root in collector.conf setzen, dann: systemctl restart callhome-collector"
        ),
        "source": ("Source", "Quelle"),
        "runs": ("Runs", "Läuft"),
        "newest": ("Newest version", "Neueste Version"),
        "signatures": ("Signatures", "Unterschriften"),
        "newerBy": ("A newer version or signature is due by", "Eine neuere Version oder Unterschrift ist fällig bis"),
        "goesOn": (
            "What runs goes on. Nothing is lost by it but what is new.",
            "Was läuft, läuft weiter. Es fehlt nur, was neu wäre."
        ),
        "guard": (
            "What was changed on its way, or is not signed by the keys of the root that is pinned here, is not taken. Every page of this console says so then, and also once the day above has passed without anything new.",
            "Was unterwegs verändert wurde oder nicht mit den Schlüsseln der hier hinterlegten Wurzel unterschrieben ist, wird nicht genommen. Jede Seite dieser Konsole sagt es dann, und auch, wenn der Tag oben ohne Neues verstrichen ist."
        ),
        "withdrawn": ("Taken back by its maker", "Vom Hersteller zurückgenommen"),
        "behind": ("Servers that do not run it", "Server, auf denen sie nicht läuft"),
        "pattern": ("Pattern", "Muster"),
        "foretold": ("In the trial it would have opened", "In der Erprobung hätte es eröffnet"),
        "came": ("Opened where it runs", "Eröffnet, wo es läuft"),
        "askSources": ("Ask for a newer version now", "Jetzt nach einer neueren Version fragen"),
        "askSourcesHelp": (
            "It is verified and tried as always; nothing runs sooner by it.",
            "Sie wird geprüft und erprobt wie immer; nichts läuft dadurch früher."
        ),
        "decide": ("Your decision", "Ihre Entscheidung"),
        "logIn": ("Log in", "Anmelden"),
        "logOut": ("Log out", "Abmelden"),
        "name": ("Name", "Name"),
        "password": ("Password", "Passwort"),
        "tagline": ("Knows before the part fails.", "Weiß es, bevor das Teil ausfällt."),
        "state": ("State", "Zustand"),
        "server": ("Server", "Server"),
        "model": ("Model", "Modell"),
        "lastHeard": ("Last heard", "Zuletzt gehört"),
        "openCases": ("Open cases", "Offene Fälle"),
        "noServers": ("No server is enrolled yet.", "Noch ist kein Server angemeldet."),
        "howToEnrol": (
            "On this machine, “callhome-collector tokens create” prints the command that enrols a server.",
            "Auf diesem Rechner zeigt „callhome-collector tokens create“ den Befehl, der einen Server anmeldet."
        ),
        "readings": ("Readings", "Messwerte"),
        "lastDay": ("last 24 hours", "letzte 24 Stunden"),
        "noReadings": ("No readings have come yet.", "Es sind noch keine Messwerte da."),
        "coverage": ("What is watched", "Was überwacht wird"),
        "failureModes": ("What can be seen", "Was zu sehen ist"),
        "toDo": ("To see more, do this", "Um mehr zu sehen, ist zu tun"),
        "seen": ("Seen", "Zu sehen"),
        "blindSpots": ("Blind spots", "Blinde Flecken"),
        "acceptLink": (
            "Accept what cannot be seen, or take it back", "Hinnehmen, was nicht zu sehen ist, oder es zurücknehmen"
        ),
        "accepted": ("Accepted as not seen", "Als nicht zu sehen hingenommen"),
        "acceptHelp": (
            "What you accept no longer makes the server's state unknown, and is still shown. It comes back by itself when it changes: when it is seen after all, is not seen for another reason, or on other or more parts.",
            "Was Sie hinnehmen, macht den Zustand des Servers nicht mehr unbekannt und wird weiterhin angezeigt. Es kommt von selbst wieder, wenn es sich ändert: wenn es doch zu sehen ist, aus einem anderen Grund nicht zu sehen ist oder an anderen oder mehr Teilen."
        ),
        "noBlindSpots": (
            "Nothing is left to accept.", "Es ist nichts mehr hinzunehmen."
        ),
        "accept": ("Accept what is ticked", "Angekreuztes hinnehmen"),
        "acceptAll": ("Accept all that nobody can mend", "Alles hinnehmen, was niemand beheben kann"),
        "withdraw": ("Take back what is ticked", "Angekreuztes zurücknehmen"),
        "noCoverage": (
            "The agent has not told yet what it can see.", "Der Agent hat noch nicht gesagt, was er sehen kann."
        ),
        "inventory": ("Parts", "Teile"),
        "noInventory": ("No list of parts has come yet.", "Es ist noch keine Teileliste da."),
        "part": ("Part", "Teil"),
        "maker": ("Manufacturer", "Hersteller"),
        "partNumber": ("Part number", "Teilenummer"),
        "serial": ("Serial number", "Seriennummer"),
        "firmware": ("Firmware", "Firmware"),
        "location": ("Location", "Einbauort"),
        "certainty": ("Certainty", "Sicherheit"),
        "events": ("Events", "Ereignisse"),
        "noCases": ("No cases here. That is good.", "Hier sind keine Fälle. Gut so."),
        "case": ("Case", "Fall"),
        "accounts": ("Logins", "Anmeldungen"),
        "accountsHelp": (
            "Who may log in, and where they are logged in. On this machine, “callhome-collector password NAME” gives a new "
                + "password, which ends all of them.",
            "Wer sich anmelden darf und wo er angemeldet ist. Auf diesem Rechner gibt „callhome-collector password NAME“ ein "
                + "neues Passwort; damit enden alle."
        ),
        "since": ("Since", "Seit"),
        "until": ("Until", "Bis"),
        "endLogin": ("End", "Beenden"),
        "endLogins": ("End all of them", "Alle beenden"),
        "noLogins": ("Logged in nowhere.", "Nirgends angemeldet."),
        "removeAccount": ("Remove this login", "Diesen Zugang entfernen"),
        "nextPage": ("Next page", "Nächste Seite"),
        "previousPage": ("Previous page", "Vorige Seite"),
        "opened": ("Opened", "Eröffnet"),
        "closed": ("Closed", "Erledigt"),
        "urgency": ("Urgency", "Dringlichkeit"),
        "problem": ("Problem", "Problem"),
        "timeLeft": ("Time left", "Verbleibende Zeit"),
        "whatToDo": ("What is to be done", "Was ist zu tun"),
        "why": ("Why", "Warum"),
        "impact": ("Impact", "Auswirkungen"),
        "because": ("Why we think so", "Warum wir das meinen"),
        "provenance": ("Where the rule comes from", "Herkunft der Regel"),
        "evidence": ("Evidence", "Belege"),
        "signal": ("Signal", "Signal"),
        "value": ("Value", "Wert"),
        "time": ("Time", "Zeit"),
        "history": ("History", "Verlauf"),
        "work": ("Who did what", "Wer was getan hat"),
        "notApplied": ("not applied", "nicht ausgeführt"),
        "recipient": ("Recipient", "Empfänger"),
        "channel": ("Channel", "Weg"),
        "message": ("Message", "Nachricht"),
        "attempts": ("Attempts", "Versuche"),
        "reference": ("Their reference", "Nummer dort"),
        "noDeliveries": (
            "No messages were sent about this case.", "Zu diesem Fall wurden keine Nachrichten verschickt."
        ),
        "acknowledge": ("Acknowledge", "Übernehmen"),
        "declare": ("What became of the part", "Was aus dem Teil wurde"),
        "declareHelp": (
            "The server is told, and clears what it found; this case closes when it has. Well: nothing is wrong with it.",
            "Der Server erfährt es und nimmt seinen Befund zurück; dann schließt sich dieser Fall. In Ordnung: dem Teil fehlt nichts."
        ),
        "replaced": ("Replaced", "Ersetzt"),
        "repaired": ("Repaired", "Repariert"),
        "acquitted": ("It is well", "Es ist in Ordnung"),
        "acknowledgeHelp": ("Say that someone is looking after it.", "Sagt, dass sich jemand kümmert."),
        "close": ("Close", "Schließen"),
        "closeHelp": (
            "Ends the case and tells every recipient. It comes back if the part gets worse.",
            "Beendet den Fall und sagt es allen Empfängern. Er kommt wieder, wenn das Teil schlechter wird."
        ),
        "closeTestHelp": ("Ends the test case; nobody is told.", "Beendet den Testfall; niemand wird benachrichtigt."),
        "reason": ("Reason", "Grund"),
        "testNote": (
            "This is a test. No part can be ordered by it.", "Das ist ein Test. Damit kann kein Teil bestellt werden."
        ),
        "serialWarning": (
            "Compare the serial number before you pull the part:", "Vor dem Ziehen die Seriennummer vergleichen:"
        ),
        "noSerialWarning": (
            "The machine does not show this part’s serial number. Make sure which part it is before you pull it.",
            "Die Maschine zeigt die Seriennummer dieses Teils nicht an. Vor dem Ziehen sicherstellen, welches Teil es ist."
        ),
        "waiting": ("Waiting", "Wartet"),
        "delivered": ("Delivered", "Zugestellt"),
        "lastDelivered": ("Last delivered", "Zuletzt zugestellt"),
        "refused": ("refused", "abgelehnt"),
        "tryNow": ("Try now", "Jetzt versuchen"),
        "catchUp": ("Tell all open cases", "Alle offenen Fälle melden"),
        "drop": ("Drop what waits", "Wartendes verwerfen"),
        "nextAttempt": ("Tried again at", "Nächster Versuch"),
        "recipientHelp": (
            "“Tell all open cases” tells the recipient of every open case whose state it does not know. What you drop is noted in each case.",
            "„Alle offenen Fälle melden“ meldet jeden offenen Fall, dessen Stand der Empfänger nicht kennt. Was verworfen wird, steht danach in jedem Fall."
        ),
        "resend": ("Send again", "Noch einmal senden"),
        "resendHelp": (
            "Tells every recipient of the case as it stands once more, and says that it is a repetition.",
            "Meldet allen Empfängern den Stand des Falls noch einmal und sagt dazu, dass es eine Wiederholung ist."
        ),
        "lastError": ("Last error", "Letzter Fehler"),
        "noRecipients": (
            "No recipient is set up: nobody is told of a fault. Set recipient.NAME.… in collector.conf, "
                + "then: systemctl restart callhome-collector",
            "Es ist kein Empfänger eingerichtet: Niemand erfährt von einem Fehler. recipient.NAME.… in collector.conf "
                + "setzen, dann: systemctl restart callhome-collector"
        ),
        "otherSuspects": ("What else may be to blame", "Was es sonst sein könnte"),
        "notShown": ("not shown by the machine", "zeigt die Maschine nicht an"),
        "back": ("Back", "Zurück"),
        "skip": ("To the content", "Zum Inhalt"),
    ]
}
