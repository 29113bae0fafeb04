import Bucket
import Settings
import Transfer

extension BucketLocation {
    init(_ settings: Settings.Bucket) throws(BucketFault) {
        try self.init(
            url: settings.url, region: settings.region,
            endpoint: settings.endpoint.isEmpty ? nil : settings.endpoint)
    }
}

extension BucketCredentialChain {
    static func from(
        _ settings: Settings.Bucket, environment: [String: String], engine: TransferEngine
    ) -> BucketCredentialChain {
        switch settings.credentials {
        case .automatic:
            .automatic(environment: environment, region: settings.region, engine: engine)
        case .keys(let access, let secret):
            BucketCredentialChain([ConfiguredKeys(accessKey: access, secretKey: secret)])
        }
    }
}

extension Bucket {
    /// - Parameters:
    ///   - environment: Where `credentials: auto` looks.
    ///   - engine: Of this bucket alone.
    /// - Throws: `.invalid` for a location that `check` refuses.
    convenience init(
        _ settings: Settings.Bucket, environment: [String: String], engine: TransferEngine
    ) throws(BucketFault) {
        self.init(
            try BucketLocation(settings),
            credentials: BucketCredentialChain.from(
                settings, environment: environment, engine: engine),
            engine: engine,
            tls: settings.caFile.isEmpty ? .system : .file(settings.caFile))
    }
}
