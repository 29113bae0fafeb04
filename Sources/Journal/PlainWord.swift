/// Texts of up to eight bytes as little-endian numbers.
enum PlainWord {
    static let empty: UInt64 = 0
    static let info: UInt64 = 0x6F66_6E69
    static let warn: UInt64 = 0x6E72_6177
    static let error: UInt64 = 0x72_6F72_7265
    static let debug: UInt64 = 0x67_7562_6564
    static let healthy: UInt64 = 0x0079_6874_6C61_6568
    static let unknown: UInt64 = 0x006E_776F_6E6B_6E75
    static let degraded: UInt64 = 0x6465_6461_7267_6564
    static let analysis: UInt64 = 0x7369_7379_6C61_6E61
    static let dotHealthy: UInt64 = 0x7968_746C_6165_682E
    static let dotUnknown: UInt64 = 0x6E77_6F6E_6B6E_752E
    static let metric: UInt64 = 0x6369_7274_656D
    static let check: UInt64 = 0x6B_6365_6863
    static let value: UInt64 = 0x65_756C_6176
    static let previous: UInt64 = 0x7375_6F69_7665_7270
    static let stable: UInt64 = 0x656C_6261_7473
    static let limit: UInt64 = 0x74_696D_696C
    static let unit: UInt64 = 0x7469_6E75
    static let state: UInt64 = 0x65_7461_7473
    static let why: UInt64 = 0x79_6877
    static let detail: UInt64 = 0x6C69_6174_6564
    static let advisory: UInt64 = 0x7972_6F73_6976_6461
    static let null: UInt64 = 0x6C6C_756E
    static let `true`: UInt64 = 0x6575_7274
    static let `false`: UInt64 = 0x65_736C_6166
}
