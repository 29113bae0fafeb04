extension String {
    /// An upper bound for the bytes of the text in a mail, as quoted-printable (RFC 2045 §6.7)
    /// with soft line breaks.
    var mailSize: Int {
        var size = 0
        var lines = 1
        for byte in utf8 {
            switch byte {
            case 0x0A: lines += 1
            case 0x3D: size += 3
            case 0x20...0x7E: size += 1
            default: size += 3
            }
        }
        // A line may begin with a dot and end in a space, which are both escaped. Soft breaks
        // come after at least 73 bytes.
        return size + size / 73 * 3 + lines * 9
    }
}
