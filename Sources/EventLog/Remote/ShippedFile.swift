/// The file `shipped`: the number of the last segment that a store has.
///
/// If it is lost, the archives on this disk are compared with those of the store again.
enum ShippedFile {
    private static let magic: UInt64 = 0x3150_4853_4C57_4C42  // "BLWLSHP1", little-endian

    /// Returns 0 if there is no such file or it is damaged.
    static func read(in folder: LogFolder) -> UInt64 {
        guard let bytes = try? folder.files.contents(folder.file(SegmentName.shipped)),
            var input = ByteReader(sealed: bytes), input.read() == magic, let number = input.read(),
            number == 0 || SegmentName.numbers.contains(number)
        else { return 0 }
        return number
    }

    static func write(_ number: UInt64, in folder: LogFolder) throws(SystemFault) {
        var out = ByteWriter()
        out.write(magic)
        out.write(number)
        try folder.files.replace(
            folder.file(SegmentName.shipped), in: folder.path, with: out.sealed())
    }
}
