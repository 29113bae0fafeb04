import Core
import Mustache

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The templates in use: the built-in ones, and those of a folder that replace them.
struct TemplateSet: Sendable {
    private var library: MustacheLibrary
    private let builtin: MustacheLibrary
    private(set) var faults: [TemplateFault] = []
    /// Templates of the folder that are in use.
    private(set) var overridden: Set<TemplateName> = []
    /// Paths of the templates in `overridden`.
    private(set) var files: [TemplateName: String] = [:]

    /// Creates a set of the built-in templates.
    init() {
        _ = Markup.registered
        var builtin = MustacheLibrary()
        for (name, source) in BuiltinTemplates.sources {
            guard let template = Self.template(name.rawValue, source) else { continue }
            builtin.register(template, named: name.rawValue)
        }
        self.builtin = builtin
        library = builtin
    }

    /// Creates a set of the built-in templates, replaced by the files of `directory`.
    ///
    /// A file with a fault is not used, and neither are files that include it.
    init(directory: String) {
        self.init()
        let sources: [String: String]
        (sources, faults) = Self.read(directory)
        let names = Set(sources.keys)
        var good: [String: TemplateCheck] = [:]
        var templates: [String: MustacheTemplate] = [:]
        for (name, source) in sources.sorted(by: { $0.key < $1.key }) {
            let check = TemplateCheck(
                file: "\(directory)/\(name).mustache", name: name, source: source,
                known: name.hasPrefix("subject") ? KnownNames.subject : KnownNames.message,
                partials: names)
            var found = check.faults
            if found.isEmpty {
                do {
                    templates[name] = try MustacheTemplate(string: Self.prefixed(name, source))
                } catch {
                    found.append(Self.fault(error, in: check.file))
                }
            }
            faults += found
            if found.isEmpty { good[name] = check }
        }
        removeCycles(from: &good)
        removeBroken(from: &good)
        for name in good.keys {
            guard let template = templates[name] else { continue }
            library.register(template, named: name)
            if let template = TemplateName(rawValue: name) {
                overridden.insert(template)
                files[template] = "\(directory)/\(name).mustache"
            }
        }
    }

    /// Renders a template: the folder's file if it has no fault, else the built-in one.
    func render(_ name: TemplateName, _ values: TemplateValues) -> String {
        library.render(values, withTemplate: name.rawValue) ?? ""
    }

    /// Renders the built-in template.
    func renderBuiltin(_ name: TemplateName, _ values: TemplateValues) -> String {
        builtin.render(values, withTemplate: name.rawValue) ?? ""
    }

    /// Replaces a folder's template with the built-in one.
    mutating func drop(_ name: TemplateName, because fault: TemplateFault) {
        faults.append(fault)
        overridden.remove(name)
        if let template = builtin.getTemplate(named: name.rawValue) {
            library.register(template, named: name.rawValue)
        }
    }

    // MARK: - Reading

    private static func read(_ directory: String) -> ([String: String], [TemplateFault]) {
        let files = FileManager.default
        let entries: [String]
        do { entries = try files.contentsOfDirectory(atPath: directory) } catch {
            let fault = TemplateFault(
                file: directory, line: nil, fault: "the folder cannot be read",
                remedy: "check digest.templates and its permissions, or leave it empty")
            return ([:], [fault])
        }
        var sources: [String: String] = [:]
        var faults: [TemplateFault] = []
        for entry in entries.sorted() where entry.hasSuffix(".mustache") && !entry.hasPrefix(".") {
            let path = "\(directory)/\(entry)"
            let name = String(entry.dropLast(".mustache".count))
            func refuse(_ fault: String, _ remedy: String) {
                faults.append(TemplateFault(file: path, line: nil, fault: fault, remedy: remedy))
            }
            guard TemplateName.markup(of: name) != nil else {
                refuse(
                    "no template has this name",
                    "name it subject, text, html or slack-…; begin partials' names the same way")
                continue
            }
            let bytes: [UInt8]
            do throws(BoundedFile.Fault) {
                bytes = try BoundedFile(reading: path, limit: TemplateCheck.maxBytes).bytes
            } catch {
                if error == .tooLarge {
                    refuse(
                        "the file is too large", "keep it below \(TemplateCheck.maxBytes) bytes")
                } else {
                    refuse("the file cannot be read", "check its permissions")
                }
                continue
            }
            guard let source = String(validating: bytes, as: UTF8.self) else {
                refuse("the file is not UTF-8", "save it as UTF-8")
                continue
            }
            // Some editors save a byte order mark; it is no part of a message.
            sources[name] =
                source.unicodeScalars.first == "\u{FEFF}"
                ? String(source.unicodeScalars.dropFirst()) : source
        }
        return (sources, faults)
    }

    private static func template(_ name: String, _ source: String) -> MustacheTemplate? {
        try? MustacheTemplate(string: prefixed(name, source))
    }

    /// Prepends a line that sets the content type, because the engine's partials do not inherit
    /// it.
    private static func prefixed(_ name: String, _ source: String) -> String {
        let markup = TemplateName.markup(of: name) ?? .html
        return "{{% CONTENT_TYPE: \(markup.contentType)}}\n\(source)"
    }

    private static func fault(_ error: any Error, in file: String) -> TemplateFault {
        let parser = error as? MustacheTemplate.ParserError
        return TemplateFault(
            file: file, line: parser.map { max(1, $0.context.lineNumber - 1) },
            fault: "not a template: \(parser.map { "\($0.error)" } ?? "\(error)")",
            remedy: "close every tag and section")
    }

    // MARK: - Partials

    private mutating func removeCycles(from good: inout [String: TemplateCheck]) {
        for name in good.keys.sorted() {
            guard let check = good[name] else { continue }
            var todo = check.includes.map(\.name)
            var seen: Set<String> = []
            while let next = todo.popLast() {
                if next == name {
                    faults.append(
                        TemplateFault(
                            file: check.file, line: check.includes.first?.line,
                            fault: "the partial includes itself", remedy: "remove the cycle"))
                    good[name] = nil
                    break
                }
                guard seen.insert(next).inserted else { continue }
                todo += good[next]?.includes.map(\.name) ?? []
            }
        }
    }

    /// Removes templates that include one with a fault.
    private mutating func removeBroken(from good: inout [String: TemplateCheck]) {
        var changed = true
        while changed {
            changed = false
            for (name, check) in good.sorted(by: { $0.key < $1.key }) {
                guard let tag = check.includes.first(where: { good[$0.name] == nil }) else {
                    continue
                }
                faults.append(
                    TemplateFault(
                        file: check.file, line: tag.line,
                        fault: "partial \"\(InertText.visible(tag.name, limit: 60))\" has a fault",
                        remedy: "fix the partial"))
                good[name] = nil
                changed = true
            }
        }
    }
}

/// A fault of a template file or folder.
///
/// The built-in template is used until the fault is fixed, so no message is lost.
public struct TemplateFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Path of the file or folder.
    public let file: String
    /// The line, from 1; nil when the fault concerns the whole file.
    public let line: Int?
    public let fault: String
    public let remedy: String

    public var description: String {
        "\(file)\(line.map { ":\($0)" } ?? ""): \(fault); \(remedy)"
    }
}
