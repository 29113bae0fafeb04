/// Texts of at most 8 bytes in events, as little-endian integers for fast comparison.
///
/// See `JSONScanner.Slice.word(in:)`.
public enum EventWord {
    @inlinable public static var warn: UInt64 { 0x6E72_6177 }
    @inlinable public static var healthy: UInt64 { 0x0079_6874_6C61_6568 }
    @inlinable public static var unknown: UInt64 { 0x006E_776F_6E6B_6E75 }
    @inlinable public static var degraded: UInt64 { 0x6465_6461_7267_6564 }
    @inlinable public static var metric: UInt64 { 0x6369_7274_656D }
    @inlinable public static var value: UInt64 { 0x65_756C_6176 }
    @inlinable public static var previous: UInt64 { 0x7375_6F69_7665_7270 }
    @inlinable public static var stable: UInt64 { 0x656C_6261_7473 }
    @inlinable public static var limit: UInt64 { 0x74_696D_696C }
    @inlinable public static var unit: UInt64 { 0x7469_6E75 }
    @inlinable public static var state: UInt64 { 0x65_7461_7473 }
    @inlinable public static var pass: UInt64 { 0x7373_6170 }
    @inlinable public static var fail: UInt64 { 0x6C69_6166 }
    @inlinable public static var nodata: UInt64 { 0x6174_6164_6F6E }
    @inlinable public static var ratio: UInt64 { 0x6F_6974_6172 }
    @inlinable public static var milliseconds: UInt64 { 0x736D }
}
