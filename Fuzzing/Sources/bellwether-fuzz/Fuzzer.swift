import CLibFuzzer
import Foundation

/// `bellwether-fuzz TARGET [libFuzzer's options and folders]`; without a target, the
/// targets.
@main
struct Fuzzer {
    static func main() {
        guard CommandLine.argc > 1, let target = FuzzTarget(rawValue: CommandLine.arguments[1])
        else {
            for target in FuzzTarget.allCases { print(target.rawValue) }
            exit(CommandLine.argc > 1 ? 64 : 0)
        }
        chosen = target
        // libFuzzer sees its own options only.
        var count = CommandLine.argc - 1
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? =
            CommandLine.unsafeArgv + 1
        exit(
            LLVMFuzzerRunDriver(&count, &arguments) { data, size in
                Fuzzer.test(UnsafeBufferPointer(start: data, count: size))
                return 0
            })
    }

    private static func test(_ input: UnsafeBufferPointer<UInt8>) {
        do {
            try chosen.run(Array(input))
        } catch {
            FileHandle.standardError.write(Data("finding (\(chosen)): \(error)\n".utf8))
            abort()
        }
    }
}

/// Set once, before libFuzzer starts; its callback is a C function and carries nothing.
nonisolated(unsafe) private var chosen = FuzzTarget.json
