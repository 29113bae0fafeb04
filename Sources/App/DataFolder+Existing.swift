import Foundation
public import Settings

extension DataFolder {
    /// A configuration for the data folder itself, written by a node that was given none.
    public var configuration: String { path + "/bellwether.yaml" }

    /// Writes `configuration`: the settings of a node without a configuration file.
    ///
    /// By this file, commands find the node from any folder.
    func keepConfiguration(_ settings: Settings) throws(Fault) {
        var settings = settings
        settings.dataDirectory = Self.absolute(path)
        try writeSecret(
            """
            # Written at each start of a node without a configuration: the embedded defaults, for
            # commands that need --config. Changes here have no effect; copy this file to
            # bellwether.yaml beside the data folder and change the copy.

            """ + settings.describe(), to: Self.absolute(configuration))
    }

    /// The data folder of a configuration, where a node has created it. Creates nothing.
    ///
    /// A relative `data_dir` is a folder below the working folder of the node, which a command
    /// cannot find out: it is looked for below the command's own working folder and beside the
    /// configuration.
    ///
    /// - Throws: If there is no such folder, if there are two, or if this user may not read it.
    public static func existing(_ settings: Settings) throws(Fault) -> DataFolder {
        let file = settings.file.map { absolute($0) }
        let named = settings.dataDirectory
        var places = [absolute(named)]
        if let file, !named.hasPrefix("/") {
            let beside = absolute(
                named, in: URL(fileURLWithPath: file).deletingLastPathComponent().path)
            if resolved(beside) != resolved(places[0]) { places.append(beside) }
        }
        var found: [String] = []
        for place in places where try holdsNode(place) { found.append(place) }
        let source = file ?? "the embedded defaults"
        guard let place = found.first else {
            var words = "\(places.joined(separator: " and ")): no node has created this data folder"
            if !named.hasPrefix("/") {
                words +=
                    "; \(source) names \(named), which starts at the folder where the node runs: run this command there, or write an absolute data_dir"
            } else {
                words += " (data_dir of \(source)); start the node once, or check data_dir"
            }
            throw Fault(description: words)
        }
        guard found.count == 1 else {
            throw Fault(
                description:
                    "\(found.joined(separator: " and ")): both are data folders, and \(source) names \(named), which starts at the folder where the node runs; write an absolute data_dir"
            )
        }
        return DataFolder(place)
    }

    /// The absolute form of a path, without `.` and `..`.
    public static func absolute(
        _ path: String, in folder: String = FileManager.default.currentDirectoryPath
    ) -> String {
        URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true))
            .standardizedFileURL.path
    }

    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }

    /// Whether a folder has a node's log or state.
    private static func holdsNode(_ path: String) throws(Fault) -> Bool {
        let folder = DataFolder(path)
        for entry in [folder.log, folder.state] {
            var facts = stat()
            if stat(entry, &facts) == 0 { return true }
            guard errno != EACCES else {
                throw Fault(
                    description:
                        "\(path): this user may not read it; run as the node's user, or use --url with a token"
                )
            }
        }
        return false
    }
}
