import App
import ArgumentParser
import Core
import Delivery
import Events
import JSON
import Settings

struct SendTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send-test",
        abstract: "Send a sample digest of each kind, marked as a test, and print each step.")

    @OptionGroup var config: ConfigOption
    @Argument(help: "The receiver's name in the configuration.") var receiver: String
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        let settings = try config.load()
        let attempt: DeliveryAttempt?
        do { attempt = try await TestMessage.send(to: receiver, settings) } catch let fault
            as DataFolder.Fault
        {
            Standard.error("bellwether: \(fault)")
            throw ExitCode(69)
        }
        guard let attempt else {
            let known = settings.receivers.map(\.name).joined(separator: ", ")
            Standard.error("there is no receiver \(receiver); configured are \(known)")
            throw ExitCode(1)
        }
        print(json ? Self.document(attempt) : Self.words(attempt))
        if !attempt.results.allSatisfy({ $0.outcome == .sent }) { throw ExitCode(1) }
    }

    private static func words(_ attempt: DeliveryAttempt) -> String {
        var lines = attempt.steps.map { step in
            "\(step.succeeded ? "ok  " : "FAIL")  \(step.what): \(step.words)"
        }
        for result in attempt.results {
            let whom = result.recipient.isEmpty ? "" : "\(result.recipient): "
            let outcome =
                switch result.outcome {
                case .sent: "sent"
                case .retry: "failed, would be retried"
                case .refused: "refused permanently"
                case .interrupted: "interrupted"
                }
            lines.append("\(whom)\(outcome): \(result.words)")
        }
        return lines.map { InertText.terminal($0) }.joined(separator: "\n")
    }

    private static func document(_ attempt: DeliveryAttempt) -> String {
        var writer = JSONWriter()
        writer.object { w in
            w.member(array: "steps") { w in
                for step in attempt.steps {
                    w.object { w in
                        w.member("what", step.what)
                        w.member("ok", step.succeeded)
                        w.member("words", step.words)
                    }
                }
            }
            w.member(array: "results") { w in
                for result in attempt.results {
                    w.object { w in
                        w.member("recipient", result.recipient)
                        w.member("sent", result.outcome == .sent)
                        w.member("words", result.words)
                    }
                }
            }
        }
        return writer.text
    }
}
