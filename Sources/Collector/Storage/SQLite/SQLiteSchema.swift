import GRDB

/// The tables, version by version. A version that was released is never changed; a new one is added.
///
/// Nouns are kept as JSON beside the columns that are searched by; times are milliseconds since 1970.
enum SQLiteSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            for statement in version1 { try db.execute(sql: statement) }
        }
        migrator.registerMigration("2") { db in
            for statement in version2 { try db.execute(sql: statement) }
        }
        migrator.registerMigration("3") { db in
            for statement in version3 { try db.execute(sql: statement) }
        }
        migrator.registerMigration("4") { db in
            for statement in version4 { try db.execute(sql: statement) }
        }
        migrator.registerMigration("archive-quota") { db in
            for statement in archiveQuota { try db.execute(sql: statement) }
        }
        migrator.registerMigration("fault-mirror") { db in
            for statement in faultMirror { try db.execute(sql: statement) }
        }
        migrator.registerMigration("one-open-case") { db in
            for statement in oneOpenCase { try db.execute(sql: statement) }
        }
        migrator.registerMigration("ticket-origin") { db in
            for statement in ticketOrigin { try db.execute(sql: statement) }
        }
        migrator.registerMigration("told") { db in
            for statement in told { try db.execute(sql: statement) }
            try OutboxMigration(db: db).run()
        }
        migrator.registerMigration("work") { db in
            for statement in work { try db.execute(sql: statement) }
        }
        return migrator
    }

    /// The database itself refuses a second open case about one part. Where there were two, the newest is the one that further
    /// faults join; the others stay as they are until somebody closes them.
    private static let oneOpenCase = [
        """
        UPDATE "case" SET subject = subject || ' of ' || number WHERE state <> 'closed' AND sender IS NULL AND EXISTS
        (SELECT 1 FROM "case" AS newer WHERE newer.host = "case".host AND newer.subject = "case".subject
            AND newer.state <> 'closed' AND newer.sender IS NULL
            AND (newer.opened, newer.number) > ("case".opened, "case".number))
        """,
        """
        CREATE UNIQUE INDEX case_open_by_subject ON "case" (host, subject) WHERE state <> 'closed' AND sender IS NULL
        """,
    ]

    /// What each recipient was told of each case and is owed; what is known of each recipient; the messages, for pages.
    private static let told = [
        """
        CREATE TABLE told (number TEXT NOT NULL, recipient TEXT NOT NULL, owed INTEGER NOT NULL, rank INTEGER NOT NULL,
            since INTEGER NOT NULL, next INTEGER NOT NULL, claimed INTEGER, refused INTEGER, attempted INTEGER NOT NULL,
            diverted INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (number, recipient)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX told_owed ON told (recipient, rank, since, number) WHERE owed = 1",
        "CREATE INDEX told_undiverted ON told (recipient) WHERE owed = 1 AND diverted = 0",
        "CREATE INDEX told_claimed ON told (recipient, claimed) WHERE claimed IS NOT NULL",
        "CREATE TABLE recipient (name TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) WITHOUT ROWID, STRICT",
        """
        CREATE TABLE message (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, number TEXT NOT NULL,
            recipient TEXT NOT NULL, begun INTEGER NOT NULL, body TEXT NOT NULL) STRICT
        """,
        "CREATE INDEX message_by_case ON message (number, recipient, place)",
        "CREATE INDEX message_by_time ON message (number, recipient, begun)",
    ]

    /// The order in which steps came, how far neighbours have it, and what paired sites told and did not end.
    private static let work = [
        """
        CREATE TABLE work_log (place INTEGER PRIMARY KEY, number TEXT NOT NULL, collector TEXT NOT NULL,
            counter INTEGER NOT NULL, UNIQUE (collector, counter)) STRICT
        """,
        "CREATE INDEX work_log_by_number ON work_log (number)",
        "CREATE TABLE work_neighbour (name TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) WITHOUT ROWID, STRICT",
        """
        CREATE TABLE held_ticket (sender TEXT NOT NULL, sender_number TEXT NOT NULL, term INTEGER NOT NULL,
            start INTEGER NOT NULL, revision INTEGER NOT NULL, number TEXT NOT NULL,
            PRIMARY KEY (sender, sender_number)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX held_ticket_by_number ON held_ticket (number)",
        """
        INSERT OR REPLACE INTO held_ticket SELECT sender, json_extract(body, '$.relayed.number'),
            ifnull(json_extract(body, '$.relayed.epoch.term'), 0), ifnull(json_extract(body, '$.relayed.epoch.start'), 0),
            json_extract(body, '$.relayed.revision'), number
        FROM "case" WHERE sender IS NOT NULL AND json_valid(body)
        AND json_extract(body, '$.relayed.event') IN ('opened', 'updated')
        AND typeof(json_extract(body, '$.relayed.number')) = 'text'
        AND typeof(json_extract(body, '$.relayed.revision')) = 'integer' ORDER BY opened
        """,
        // What recipients have confirmed and did not see the end of, in the words of `toldTickets`.
        """
        CREATE INDEX told_open ON told (recipient, number)
        WHERE CASE WHEN json_valid(body) THEN json_extract(body, '$.taken.isEnd') END = 0
        """,
    ]

    /// What stands by the agents' word, apart from cases, and parts of statements until the last is there.
    private static let faultMirror = [
        """
        CREATE TABLE fault_mirror (host TEXT NOT NULL, fault TEXT NOT NULL, stamp INTEGER NOT NULL, state TEXT NOT NULL,
            changed INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (host, fault)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX fault_mirror_by_stamp ON fault_mirror (host, stamp)",
        "CREATE INDEX fault_mirror_in_force ON fault_mirror (host, stamp, fault) WHERE state <> 'cleared'",
        """
        CREATE TABLE fault_statement (host TEXT NOT NULL, part INTEGER NOT NULL, parts INTEGER NOT NULL, answers TEXT,
            faults INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (host, part)) WITHOUT ROWID, STRICT
        """,
    ]

    /// Which store made the number of a relayed case; NULL where its sender did not say.
    private static let ticketOrigin = [
        #"ALTER TABLE "case" ADD COLUMN sender_store TEXT"#,
        """
        CREATE UNIQUE INDEX case_by_origin ON "case" (sender_store, sender_number, sender) WHERE sender_store IS NOT NULL
        """,
    ]

    private static let version4 = [
        """
        CREATE TABLE part_seen (host TEXT NOT NULL, kind TEXT NOT NULL, serial TEXT NOT NULL, body TEXT NOT NULL,
            PRIMARY KEY (host, kind, serial)) WITHOUT ROWID, STRICT
        """
    ]

    /// How much each server's archive holds, without reading it.
    private static let archiveQuota = [
        "ALTER TABLE report ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0",
        "UPDATE report SET bytes = length(envelope)",
        "CREATE INDEX report_by_host ON report (host, id, bytes)",
    ]

    private static let version3 = [
        """
        CREATE TABLE part_declaration (id TEXT PRIMARY KEY NOT NULL, host TEXT NOT NULL, declared INTEGER NOT NULL,
            answered INTEGER, body TEXT NOT NULL) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX part_declaration_open ON part_declaration (host, declared) WHERE answered IS NULL",
    ]

    private static let version2 = [
        """
        CREATE TABLE accepted_blind_spot (id INTEGER PRIMARY KEY, host TEXT NOT NULL, name TEXT NOT NULL,
            accepted INTEGER NOT NULL, ended INTEGER, body TEXT NOT NULL) STRICT
        """,
        "CREATE UNIQUE INDEX accepted_blind_spot_in_force ON accepted_blind_spot (host, name) WHERE ended IS NULL",
    ]

    private static let version1 = [
        "CREATE TABLE setting (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID, STRICT",
        "CREATE TABLE server (host TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) WITHOUT ROWID, STRICT",
        """
        CREATE TABLE agent_key (id TEXT PRIMARY KEY NOT NULL, host TEXT NOT NULL, public_key BLOB NOT NULL,
            certificate TEXT NOT NULL, enrolled INTEGER NOT NULL, revoked INTEGER, because TEXT) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX agent_key_by_host ON agent_key (host)",
        """
        CREATE TABLE server_event (id INTEGER PRIMARY KEY, host TEXT NOT NULL, time INTEGER NOT NULL, kind TEXT NOT NULL,
            because TEXT NOT NULL) STRICT
        """,
        "CREATE INDEX server_event_by_host ON server_event (host, id)",
        "CREATE TABLE inventory (host TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) WITHOUT ROWID, STRICT",
        """
        CREATE TABLE series (id INTEGER PRIMARY KEY, host TEXT NOT NULL, component TEXT NOT NULL, signal TEXT NOT NULL,
            received INTEGER NOT NULL, latest TEXT NOT NULL, UNIQUE (host, component, signal)) STRICT
        """,
        """
        CREATE TABLE sample (series INTEGER NOT NULL, received INTEGER NOT NULL, through INTEGER NOT NULL, minimum REAL,
            maximum REAL, mean REAL, PRIMARY KEY (series, received, through)) WITHOUT ROWID, STRICT
        """,
        """
        CREATE TABLE report (id INTEGER PRIMARY KEY, host TEXT NOT NULL, epoch INTEGER NOT NULL, stream TEXT NOT NULL,
            sequence INTEGER NOT NULL, kind TEXT NOT NULL, received INTEGER NOT NULL, envelope TEXT NOT NULL) STRICT
        """,
        "CREATE INDEX report_by_age ON report (received)",
        """
        CREATE TABLE "case" (number TEXT PRIMARY KEY NOT NULL, host TEXT NOT NULL, subject TEXT NOT NULL,
            state TEXT NOT NULL, urgency TEXT NOT NULL, origin TEXT NOT NULL, sender TEXT, sender_number TEXT,
            opened INTEGER NOT NULL, updated INTEGER NOT NULL, closed INTEGER, body TEXT NOT NULL) WITHOUT ROWID, STRICT
        """,
        #"CREATE INDEX case_by_subject ON "case" (host, subject, state)"#,
        #"CREATE INDEX case_by_sender ON "case" (sender, sender_number) WHERE sender IS NOT NULL"#,
        #"CREATE INDEX case_by_state ON "case" (state, opened)"#,
        #"CREATE INDEX case_by_opening ON "case" (host, opened)"#,
        """
        CREATE TABLE case_fault (host TEXT NOT NULL, fault TEXT NOT NULL, number TEXT NOT NULL,
            PRIMARY KEY (host, fault)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX case_fault_by_number ON case_fault (number)",
        """
        CREATE TABLE case_report (id INTEGER PRIMARY KEY, number TEXT NOT NULL, envelope TEXT NOT NULL,
            certificate TEXT) STRICT
        """,
        "CREATE INDEX case_report_by_number ON case_report (number, id)",
        """
        CREATE TABLE delivery (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, number TEXT NOT NULL,
            recipient TEXT NOT NULL, channel TEXT NOT NULL, event TEXT NOT NULL, state TEXT NOT NULL,
            attempts INTEGER NOT NULL, created INTEGER NOT NULL, next INTEGER NOT NULL, failing INTEGER, error TEXT,
            delivered INTEGER, reference TEXT, instead_of TEXT, ticket TEXT NOT NULL) STRICT
        """,
        "CREATE INDEX delivery_due ON delivery (next) WHERE state IN ('queued', 'retrying', 'claimed')",
        "CREATE INDEX delivery_by_case ON delivery (number, recipient, place)",
        "CREATE INDEX delivery_by_recipient ON delivery (recipient, state, delivered)",
        """
        CREATE TABLE acceptance (sender TEXT NOT NULL, id TEXT NOT NULL, number TEXT NOT NULL, time INTEGER NOT NULL,
            PRIMARY KEY (sender, id)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX acceptance_by_number ON acceptance (number)",
        """
        CREATE TABLE test (id TEXT PRIMARY KEY NOT NULL, number TEXT NOT NULL, accepted INTEGER NOT NULL)
            WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX test_by_number ON test (number)",
        """
        CREATE TABLE token (id TEXT PRIMARY KEY NOT NULL, purpose TEXT NOT NULL, created INTEGER NOT NULL,
            body TEXT NOT NULL) WITHOUT ROWID, STRICT
        """,
        """
        CREATE TABLE site (id TEXT PRIMARY KEY NOT NULL, key TEXT NOT NULL UNIQUE, body TEXT NOT NULL)
            WITHOUT ROWID, STRICT
        """,
        "CREATE TABLE partner (recipient TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) WITHOUT ROWID, STRICT",
        "CREATE TABLE account (name TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) WITHOUT ROWID, STRICT",
        """
        CREATE TABLE access_token (hash TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL,
            created INTEGER NOT NULL, expires INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID, STRICT
        """,
    ]
}
