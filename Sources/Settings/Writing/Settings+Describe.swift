import Events
import Secrets

extension Settings {
    /// Returns the whole effective configuration as YAML.
    ///
    /// `parse` reads it back to the same settings unless a value is `(hidden)`. A secret is shown
    /// as its source: the file's path, the text with `${env:NAME}` in it, or `(hidden)`. Secrets in
    /// addresses and all arguments of commands are hidden.
    public func describe() -> String {
        var y = YAMLWriter()
        y.entry("node", node)
        y.entry("az", az)
        y.entry("roles", roles.map(\.rawValue))
        y.entry("data_dir", dataDirectory)
        y.entry("allow_inline_secrets", allowInlineSecrets)
        y.mapping("listen") { listen.describe(&$0) }
        y.mapping("auth") { y in
            y.list("token_files", auth.tokenFiles) { y, file in
                y.entry("path", file.path)
                y.entry("name", file.name)
                y.entry("scopes", file.scopes.map(\.rawValue))
            }
        }
        y.mapping("analysis") { analysis.describe(&$0) }
        y.mapping("policy") { $0.entry("mid_run", policy.midRun.rawValue) }
        y.mapping("forward") { forward.describe(&$0) }
        y.mapping("log") { log.describe(&$0) }
        if let bucket { y.mapping("bucket") { bucket.describe(&$0) } }
        if let pair { y.mapping("ha") { pair.describe(&$0) } }
        y.mapping("digest") { digest.describe(&$0) }
        y.list("receivers", receivers) { $1.describe(&$0) }
        y.mapping("route") { route.describe(&$0, isRoot: true) }
        y.list("silences", silences) { $1.describe(&$0) }
        y.mapping("telemetry") { y in
            y.entry("log_level", telemetry.logLevel.rawValue)
            y.entry("log_format", telemetry.logFormat.rawValue)
        }
        return y.text
    }
}

extension Settings.Listen {
    fileprivate func describe(_ y: inout YAMLWriter) {
        y.entry("address", address)
        y.entry("hosts", hosts)
        y.mapping("tls") { y in
            y.entry("certificate", tls.certificate)
            y.entry("key", tls.key)
            y.entry("client_ca", tls.clientCA)
            y.entry("client_names", tls.clientNames)
            y.entry("clients", tls.clients.rawValue)
            y.entry("hsts", tls.hsts)
        }
        y.mapping("limits") { y in
            y.entry("max_connections", limits.maxConnections)
            y.entry("max_connections_per_peer", limits.maxConnectionsPerPeer)
            y.entry("max_header", size: limits.maxHeader)
            y.entry("max_body", size: limits.maxBody)
            y.entry("max_ingest_body", size: limits.maxIngestBody)
            y.entry("max_memory", size: limits.maxMemory)
            y.entry("max_streams", limits.maxStreams)
            y.entry("max_queries", limits.maxQueries)
            y.entry("measurements_per_second", limits.measurementsPerSecond)
            y.entry("measurements_burst", limits.measurementsBurst)
            y.entry("header_timeout", limits.headerTimeout)
            y.entry("request_deadline", limits.requestDeadline)
            y.entry("idle_timeout", limits.idleTimeout)
            y.entry("drain_deadline", limits.drainDeadline)
        }
    }
}

extension Settings.Forward {
    fileprivate func describe(_ y: inout YAMLWriter) {
        if to.count == 1 { y.entry("to", url: to[0]) } else { y.entry("to", to.map(ShownText.url)) }
        y.entry("token", token)
        y.entry("ca_file", caFile)
        y.entry("batch_lines", batchLines)
        y.entry("batch_bytes", size: batchBytes)
        y.entry("compress", compress)
        y.entry("linger", linger)
        y.entry("timeout", timeout)
        y.entry("retry_initial", retryInitial)
        y.entry("retry_ceiling", retryCeiling)
    }
}

extension Settings.Log {
    fileprivate func describe(_ y: inout YAMLWriter) {
        y.entry("max_bytes", size: maxBytes)
        y.entry("max_age", maxAge)
        if let minFree { y.entry("min_free", size: minFree) } else { y.entry("min_free", "auto") }
        switch minKeep {
        case .share(let share): y.entry("min_keep", "\((share * 1e8).rounded() / 1e6)%")
        case .history(let age): y.entry("min_keep", DurationText.text(age))
        }
        y.entry("segment_bytes", size: segmentBytes)
        y.entry("segment_age", segmentAge)
        switch durability {
        case .commit: y.entry("durability", "commit")
        case .os: y.entry("durability", "os")
        case .interval(let pause): y.entry("durability", "interval:\(DurationText.text(pause))")
        }
        y.entry("dedup_window", dedupWindow)
        y.entry("per_node_share", perNodeShare)
    }
}

extension Settings.Bucket {
    fileprivate func describe(_ y: inout YAMLWriter) {
        y.entry("url", url)
        y.entry("region", region)
        y.entry("endpoint", url: endpoint)
        y.entry("ca_file", caFile)
        switch credentials {
        case .automatic: y.entry("credentials", "auto")
        case .keys(let access, let secret):
            y.mapping("credentials") { y in
                y.entry("access_key", access)
                y.entry("secret_key", secret)
            }
        }
        y.entry("ship", ship)
        y.entry("keep", keep)
    }
}

extension Settings.Pair {
    fileprivate func describe(_ y: inout YAMLWriter) {
        y.entry("lease", lease)
        y.entry("advertise", url: advertise)
        y.entry("bucket_away", bucketAway.rawValue)
        y.entry("ca_file", caFile)
    }
}

extension Settings.Digest {
    fileprivate func describe(_ y: inout YAMLWriter) {
        y.entry("group_by", groupBy)
        y.entry("first_after", firstAfter)
        y.entry("window", window)
        y.entry("max_window", maxWindow)
        y.entry("repeat", repeatEvery)
        y.entry("recover_after", recoverAfter)
        y.entry("max_groups", maxGroups)
        y.entry("runbook_url", url: runbookURL)
        y.entry("rollout_url", url: rolloutURL)
        y.entry("status_url", url: statusURL)
        y.list("links", links) { y, link in
            y.entry("name", link.name)
            y.entry("url", url: link.url)
        }
        y.list("owners", owners) { y, rule in
            y.entry("match", rule.match)
            y.entry("owner", rule.owner)
            y.entry("on_call", rule.onCall)
        }
        y.entry("node_checks", nodeChecks)
        y.entry("silent_after", silentAfter)
        y.mapping("storm") { y in
            y.entry("groups", storm.groups)
            y.entry("within", storm.within)
            y.entry("messages", storm.messages)
        }
        if let abortAfter { y.entry("abort_after", abortAfter) }
        if let attempts { y.entry("attempts", attempts) }
        y.entry("templates", templates)
    }
}

extension Settings.Receiver {
    fileprivate func describe(_ y: inout YAMLWriter) {
        y.entry("name", name)
        switch kind {
        case .slack(let web):
            y.entry("kind", "slack")
            web.describe(&y)
        case .webhook(let web, let request):
            y.entry("kind", "webhook")
            web.describe(&y)
            y.entry("secret", web.signingKey)
            request.describe(&y)
        case .smtp(let mail):
            y.entry("kind", "smtp")
            y.entry("url", url: mail.url)
            y.entry("tls", mail.tls.rawValue)
            y.entry("ca_file", mail.caFile)
            y.entry("from", mail.from)
            y.entry("to", mail.to)
            y.entry("username", mail.username)
            y.entry("password", mail.password)
            y.entry("auth", mail.auth.rawValue)
            y.entry("oauth_token", mail.oauthToken)
            y.entry("hello", mail.hello)
        case .slackBot(let bot):
            y.entry("kind", "slack")
            y.entry("token", bot.token)
            y.entry("channel", bot.channel)
            y.entry("api_url", url: bot.apiURL)
            y.entry("ca_file", bot.caFile)
        case .exec(let command):
            y.entry("kind", "exec")
            y.entry("command", command: command)
        case .file(let directory):
            y.entry("kind", "file")
            y.entry("directory", directory)
            return
        }
        y.entry("timeout", timeout)
        y.entry("retry_ceiling", retryCeiling)
    }
}

extension Settings.Receiver.Web {
    fileprivate func describe(_ y: inout YAMLWriter) {
        y.entry("url", url)
        y.entry("ca_file", caFile)
    }
}

extension Settings.Silence {
    fileprivate func describe(_ y: inout YAMLWriter) {
        y.entry("id", id)
        y.entry("where", filter.conjuncts.map(\.description))
        switch schedule {
        case .once(let from, let until):
            y.entry("from", from.rfc3339)
            y.entry("until", until.rfc3339)
        case .weekly(let days, let from, let until, let zone):
            y.entry("days", days.map { Self.days[$0] })
            y.entry("from", Self.clock(from))
            y.entry("until", Self.clock(until))
            if let offset = zone.fixedMinutes {
                y.entry("utc_offset", (offset < 0 ? "-" : "+") + Self.clock(abs(offset)))
            } else {
                y.entry("timezone", zone.name)
            }
        }
        y.entry("who", who)
        y.entry("why", why)
    }
}

extension Settings.Route {
    fileprivate func describe(_ y: inout YAMLWriter, isRoot: Bool) {
        if !isRoot { y.entry("where", filter.conjuncts.map(\.description)) }
        y.entry("receivers", receivers)
        if !isRoot { y.entry("continue", goesOn) }
        y.list("routes", routes) { $1.describe(&$0, isRoot: false) }
    }
}
