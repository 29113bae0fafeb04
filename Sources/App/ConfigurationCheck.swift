import Bucket
import Delivery
import Events
import Rendering
import Server
public import Settings

/// Finds the faults of a configuration without starting the node.
public enum ConfigurationCheck {
    public struct Findings: Sendable {
        /// nil when there are faults.
        public var settings: Settings?
        public var faults: [SettingsFault]
        public var warnings: [SettingsFault]
        /// The places of the keys, for faults found later.
        var reading: Settings.Reading?
    }

    /// Reads the configuration file and the files it names, as a start does: certificates, keys,
    /// authorities, token files, templates.
    public static func check(
        path: String?, environment: [String: String], clock: WallClock = .system
    ) -> Findings {
        let reading: Settings.Reading
        do throws(SettingsFaults) {
            reading = try Settings.read(path: path, environment: environment)
        } catch {
            return Findings(settings: nil, faults: error.faults, warnings: [])
        }
        let settings = reading.settings
        var faults: [SettingsFault] = []
        let templates = settings.digest.templates
        if !templates.isEmpty {
            faults += Renderer(templatesDirectory: templates).faults.map { fault in
                SettingsFault(
                    file: fault.file, line: fault.line ?? 0, column: 0, key: "digest.templates",
                    fault: fault.fault, remedy: fault.remedy)
            }
        }
        faults += webhooks(settings, reading)
        var certificates = CertificateFindings(reading: reading, now: clock.now)
        certificates.review(settings)
        faults += certificates.faults
        for (index, file) in settings.auth.tokenFiles.enumerated() {
            faults += TokenFile(file).faults().map {
                reading.fault($0, at: "auth.token_files[\(index)]")
            }
        }
        if let bucket = settings.bucket {
            do throws(BucketFault) { _ = try BucketLocation(bucket) } catch {
                faults.append(reading.fault(at: error.place, error.words, error.remedy))
            }
        }
        return Findings(
            settings: faults.isEmpty ? settings : nil, faults: faults,
            warnings: reading.warnings + SharedDataFindings.warnings(reading)
                + certificates.warnings + descriptors(settings, path), reading: reading)
    }

    /// The faults of webhooks' templates, each at its key.
    private static func webhooks(
        _ settings: Settings, _ reading: Settings.Reading
    ) -> [SettingsFault] {
        var faults: [SettingsFault] = []
        for (index, receiver) in settings.receivers.enumerated() {
            guard case .webhook(let web, let request) = receiver.kind else { continue }
            do throws(WebhookFaults) {
                _ = try WebhookReceiver.Exchange(request, url: web.url)
            } catch {
                faults += error.faults.map { fault in
                    reading.fault(
                        at: "receivers[\(index)].\(fault.file)",
                        (fault.line.map { "line \($0): " } ?? "") + fault.fault, fault.remedy)
                }
            }
        }
        return faults
    }

    /// A warning when the limit of open files, raised as at a start, allows fewer connections.
    private static func descriptors(_ settings: Settings, _ path: String?) -> [SettingsFault] {
        let budget = DescriptorBudget.afterRaising(wanted: settings.listen.limits.maxConnections)
        guard let fault = budget.fault else { return [] }
        return [
            SettingsFault(
                file: path ?? "embedded", line: 0, column: 0, key: "listen.limits.max_connections",
                fault: fault, remedy: DescriptorBudget.remedy)
        ]
    }
}

extension Settings.Reading {
    /// A fault of a file, at the key that names the file.
    fileprivate func fault(_ fault: ServerError, at key: String) -> SettingsFault {
        self.fault(at: key, "\(fault.place): \(fault.fault)", fault.remedy)
    }
}

/// What is wrong with the certificates that a configuration names.
private struct CertificateFindings {
    let reading: Settings.Reading
    let now: Timestamp
    var faults: [SettingsFault] = []
    var warnings: [SettingsFault] = []

    init(reading: Settings.Reading, now: Timestamp) {
        self.reading = reading
        self.now = now
    }

    mutating func review(_ settings: Settings) {
        let tls = settings.listen.tls
        pair(tls.certificate, tls.key, "listen.tls.certificate", "listen.tls.key")
        authority(tls.clientCA, "listen.tls.client_ca", byLibcurl: false)
        authority(settings.forward.caFile, "forward.ca_file")
        authority(settings.bucket?.caFile ?? "", "bucket.ca_file")
        authority(settings.pair?.caFile ?? "", "ha.ca_file")
        for (index, receiver) in settings.receivers.enumerated() {
            authority(receiver.caFile, "receivers[\(index)].ca_file")
        }
        let common = settings.analysis.probes.enumerated().map { ("analysis.probes[\($0)]", $1) }
        let own = settings.analysis.policies.enumerated().flatMap { index, policy in
            policy.ownProbes.map { ("analysis.policies[\(index)].probes", $0) }
        }
        for (key, probe) in common + own {
            if case .certificate(let certificate) = probe.kind {
                authority(certificate.caFile, "\(key).ca_file")
            }
            guard let access = probe.access else { continue }
            authority(access.trust.caFile, "\(key).ca_file")
            pair(
                access.clientCertificate, access.clientKey, "\(key).client_certificate",
                "\(key).client_key", byLibcurl: true)
        }
    }

    private mutating func pair(
        _ certificate: String, _ key: String, _ certificatePath: String, _ keyPath: String,
        byLibcurl: Bool = false
    ) {
        guard !certificate.isEmpty else { return }
        let review = CertificateReview.pair(
            TLSFiles(certificate: certificate, key: key), at: now, byLibcurl: byLibcurl)
        add(review) { $0.place == key ? keyPath : certificatePath }
    }

    private mutating func authority(_ file: String, _ path: String, byLibcurl: Bool = true) {
        guard !file.isEmpty else { return }
        add(CertificateReview.authorities(file, at: now, byLibcurl: byLibcurl)) { _ in path }
    }

    private mutating func add(_ review: CertificateReview, at path: (ServerError) -> String) {
        faults += (review.faults + review.refused + review.expiring).map {
            reading.fault($0, at: path($0))
        }
        warnings += review.warnings.map { reading.fault($0, at: path($0)) }
    }
}
