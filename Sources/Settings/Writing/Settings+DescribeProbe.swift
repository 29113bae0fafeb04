extension Settings.Probe {
    func describe(_ y: inout YAMLWriter) {
        y.entry("name", name)
        switch kind {
        case .disk(let disk):
            y.entry("kind", "disk")
            y.entry("path", disk.path)
            y.entry("min_free_ratio", disk.minFreeRatio)
        case .process(let life):
            y.entry("kind", "process")
            y.entry("pid_file", life.pidFile)
            y.entry("process", life.process)
        case .tcp(let address):
            y.entry("kind", "tcp")
            y.entry("address", address)
        case .http(let http):
            y.entry("kind", "http")
            http.access.describe(&y)
            y.entry("expect", http.expect.map { "\($0.lowerBound)-\($0.upperBound)" })
            y.entry("fields", http.fields)
            y.entry("max_body", size: http.maxBody)
        case .prometheus(let page):
            y.entry("kind", "prometheus")
            page.describe(&y)
        case .file(let report):
            y.entry("kind", "file")
            report.describe(&y)
        case .prometheusQuery(let query):
            y.entry("kind", "prometheus_query")
            query.describe(&y)
        case .queue(let queue):
            y.entry("kind", "queue")
            queue.describe(&y)
        case .command(let command):
            y.entry("kind", "command")
            command.describe(&y)
        case .certificate(let certificate):
            y.entry("kind", "certificate")
            certificate.describe(&y)
        }
        y.entry("timeout", timeout)
    }
}

extension Settings.Probe.Prometheus {
    fileprivate func describe(_ y: inout YAMLWriter) {
        access.describe(&y)
        y.entry("requests", requests)
        y.entry("status_label", statusLabel)
        y.entry("failing", failing)
        y.entry("ok", ok)
        y.entry("latency", latency)
        y.entry("latency_unit", latencyUnit.rawValue)
        y.entry("select", select)
        if canary.count == 1, stable.count == 1, let label = canary.keys.first,
            let new = canary[label], let old = stable[label]
        {
            y.entry("role_label", label)
            y.entry("canary", new)
            y.entry("stable", old)
        } else {
            y.entry("canary", canary)
            y.entry("stable", stable)
        }
    }
}
