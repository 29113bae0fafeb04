import HTTPTypes
import Hummingbird
import Server
import Settings

/// `GET /v1/configuration`: the settings in force as YAML, secrets masked (scope `admin`).
enum ConfigurationRoute {
    static func route(_ inForce: SettingsInForce) -> Route {
        Route(.get, "/v1/configuration", access: .requires(.admin)) { _ in
            .bytes(
                Array(inForce.current.describe().utf8), contentType: "application/yaml",
                headers: [.cacheControl: "no-store"])
        }
    }
}
