import GRDB

/// The tables of the state file, by migration. A change of the tables is a new migration;
/// released statements are never edited.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            // `cursor`: named positions in the event log.
            try db.execute(
                sql: """
                    CREATE TABLE cursor (
                        name TEXT PRIMARY KEY,
                        segment INTEGER NOT NULL,
                        offset INTEGER NOT NULL
                    ) WITHOUT ROWID;

                    -- Checkpoint of the attempt counters; the log after the cursor
                    -- "attempts" completes it.
                    CREATE TABLE attempt (
                        series TEXT PRIMARY KEY,
                        state TEXT NOT NULL,
                        updated_ms INTEGER NOT NULL
                    ) WITHOUT ROWID;

                    CREATE TABLE token (
                        id TEXT PRIMARY KEY,
                        name TEXT NOT NULL,
                        scope TEXT NOT NULL,
                        hash BLOB NOT NULL UNIQUE,
                        created_ms INTEGER NOT NULL,
                        expires_ms INTEGER,
                        revoked_ms INTEGER
                    ) WITHOUT ROWID;

                    -- State of each digest group, and the state that all share, as JSON.
                    CREATE TABLE digest_group (
                        key TEXT PRIMARY KEY,
                        state TEXT NOT NULL,
                        updated_ms INTEGER NOT NULL
                    ) WITHOUT ROWID;

                    CREATE TABLE digest (
                        id TEXT PRIMARY KEY,
                        group_key TEXT NOT NULL,
                        kind TEXT NOT NULL,
                        subject TEXT NOT NULL,
                        thread TEXT NOT NULL,
                        composed_ms INTEGER NOT NULL,
                        model TEXT NOT NULL,
                        slack TEXT NOT NULL,
                        text TEXT NOT NULL,
                        html TEXT NOT NULL
                    ) WITHOUT ROWID;
                    CREATE INDEX digest_composed ON digest (composed_ms);

                    -- One delivery: a digest, a receiver, and for mail one recipient.
                    -- state: waiting, sent, dead, dropped, replaced. told: 1 once a dead
                    -- delivery was reported.
                    CREATE TABLE outbox (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        digest TEXT NOT NULL REFERENCES digest (id),
                        receiver TEXT NOT NULL,
                        recipient TEXT NOT NULL DEFAULT '',
                        state TEXT NOT NULL DEFAULT 'waiting',
                        tries INTEGER NOT NULL DEFAULT 0,
                        due_ms INTEGER NOT NULL,
                        created_ms INTEGER NOT NULL,
                        tried_ms INTEGER,
                        settled_ms INTEGER,
                        answer TEXT NOT NULL DEFAULT '',
                        told INTEGER NOT NULL DEFAULT 0,
                        UNIQUE (digest, receiver, recipient)
                    );
                    CREATE INDEX outbox_queue ON outbox (receiver, state, recipient, id);
                    CREATE INDEX outbox_state ON outbox (state, settled_ms);
                    """)
        }
        migrator.registerMigration("silence") { db in
            // Silences that people set. matchers: a JSON array of texts like rollout=x.
            // held: the number of messages that the silence held back.
            try db.execute(
                sql: """
                    CREATE TABLE silence (
                        id TEXT PRIMARY KEY,
                        matchers TEXT NOT NULL,
                        from_ms INTEGER NOT NULL,
                        until_ms INTEGER NOT NULL,
                        who TEXT NOT NULL,
                        why TEXT NOT NULL,
                        created_ms INTEGER NOT NULL,
                        held INTEGER NOT NULL DEFAULT 0
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("live messages") { db in
            // slack_reply: the reply in the thread, next to the updated message.
            // mark: identifies the receiver's live message of the thread.
            try db.execute(
                sql: """
                    ALTER TABLE digest ADD COLUMN slack_reply TEXT NOT NULL DEFAULT '';
                    ALTER TABLE outbox ADD COLUMN mark TEXT NOT NULL DEFAULT '';
                    CREATE INDEX digest_thread ON digest (thread);
                    """)
        }
        migrator.registerMigration("ended tokens") { db in
            // ended: expired or revoked once the token's end was processed, else empty.
            try db.execute(sql: "ALTER TABLE token ADD COLUMN ended TEXT NOT NULL DEFAULT ''")
        }
        migrator.registerMigration("retry by hand") { db in
            // since_ms: when a person requested another try; the delivery's age counts from
            // then. NULL: from created_ms.
            try db.execute(sql: "ALTER TABLE outbox ADD COLUMN since_ms INTEGER")
        }
        migrator.registerMigration("gaps") { db in
            // lines: the missing lines after this position that a cursor's reader reported.
            try db.execute(
                sql: """
                    CREATE TABLE gap (
                        cursor TEXT PRIMARY KEY,
                        segment INTEGER NOT NULL,
                        offset INTEGER NOT NULL,
                        lines INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("parallel deliveries") { db in
            // thread: that of the digest; deliveries of one thread to one recipient stay in order.
            // head: 1 for the oldest of those that wait. The triggers keep it, whoever writes.
            try db.execute(
                sql: """
                    ALTER TABLE outbox ADD COLUMN thread TEXT NOT NULL DEFAULT '';
                    ALTER TABLE outbox ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
                    UPDATE outbox SET thread =
                        COALESCE((SELECT thread FROM digest WHERE digest.id = outbox.digest), '');
                    UPDATE outbox SET head = 1 WHERE id IN (
                        SELECT MIN(id) FROM outbox WHERE state = 'waiting'
                        GROUP BY receiver, recipient, thread);
                    DROP INDEX outbox_queue;
                    CREATE INDEX outbox_due ON outbox (receiver, due_ms, id)
                        WHERE state = 'waiting' AND head = 1;
                    CREATE INDEX outbox_thread ON outbox (receiver, recipient, thread, state, id);
                    CREATE INDEX outbox_mark ON outbox (receiver, thread, id) WHERE mark <> '';
                    CREATE TRIGGER outbox_added AFTER INSERT ON outbox
                    WHEN NEW.state = 'waiting' AND NOT EXISTS (
                        SELECT 1 FROM outbox WHERE receiver = NEW.receiver
                        AND recipient = NEW.recipient AND thread = NEW.thread
                        AND state = 'waiting' AND id < NEW.id)
                    BEGIN
                        UPDATE outbox SET head = 1 WHERE id = NEW.id;
                    END;
                    CREATE TRIGGER outbox_moved AFTER UPDATE OF state ON outbox
                    WHEN NEW.state <> OLD.state
                    BEGIN
                        UPDATE outbox SET head = 0 WHERE id = NEW.id AND state <> 'waiting';
                        UPDATE outbox SET head = id = (
                            SELECT MIN(id) FROM outbox WHERE receiver = NEW.receiver
                            AND recipient = NEW.recipient AND thread = NEW.thread
                            AND state = 'waiting')
                        WHERE receiver = NEW.receiver AND recipient = NEW.recipient
                            AND thread = NEW.thread AND state = 'waiting';
                    END;
                    """)
        }
        migrator.registerMigration("deliveries by addressee") { db in
            try db.execute(
                sql: """
                    CREATE INDEX outbox_addressee
                        ON outbox (receiver, recipient, state, settled_ms, id);
                    """)
        }
        migrator.registerMigration("unlogged decisions") { db in
            // line: the event without node, epoch and seq, which the log adds.
            try db.execute(
                sql: """
                    CREATE TABLE unlogged (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        line TEXT NOT NULL
                    );
                    """)
        }
        migrator.registerMigration("unreported dead letters") { db in
            // Looked for after each commit of digests, while up to 10,000 dead letters are kept.
            try db.execute(
                sql: """
                    CREATE INDEX outbox_unreported ON outbox (state, told, id)
                        WHERE state = 'dead' AND told = 0;
                    """)
        }
        return migrator
    }
}
