import App
import Foundation
import Testing

/// What has to agree between files that no compiler reads together.
@Suite("The files of a release")
struct ReleaseFilesTests {
    private func text(_ file: String) throws -> String {
        try String(contentsOf: LayoutTests.top.appendingPathComponent(file), encoding: .utf8)
    }

    /// The pages that show file names of a release.
    private static let pages = ["README.md", "docs/install.md", "docs/upgrade.md"]

    @Test("the pages show file names of this version, and the changelog has it")
    func version() throws {
        var seen = 0
        for page in Self.pages {
            for match in try text(page).matches(of: #/bellwether[_-](\d+\.\d+\.\d+)[-_]/#) {
                #expect(match.output.1 == Version.text, "\(page): \(match.output.0)")
                seen += 1
            }
        }
        #expect(seen > 2)
        #expect(
            try text("Config/kubernetes/overlays/one-node/kustomization.yaml")
                .contains("newTag: \(Version.text)\n"))
        let headings = try text("CHANGELOG.md").matches(of: #/(?m)^## (\d+\.\d+\.\d+) - \d{4}-/#)
        #expect(headings.first.map { String($0.output.1) } == Version.text)
    }

    @Test("README is short enough to be read, and begins with what it is and two pictures")
    func readme() throws {
        let readme = try text("README.md")
        #expect((6000...8192).contains(readme.utf8.count), "\(readme.utf8.count) bytes")
        let top = readme.prefix(1200)
        for picture in ["digest-slack.png", "status-page.png"] {
            #expect(top.contains("docs/images/\(picture)"))
        }
        let headings = readme.split(separator: "\n").filter { $0.hasPrefix("## ") }
        #expect(headings.count > 7)
    }

    /// The packages of the manifest's system libraries: (Debian's, Homebrew's).
    private func libraries() throws -> (debian: Set<String>, brew: Set<String>) {
        let manifest = try text("Package.swift")
        func names(_ kind: String) throws -> Set<String> {
            let form = try Regex("\\.\(kind)\\(\\[\"([^\"]+)\"\\]\\)")
            return Set(
                manifest.matches(of: form).compactMap { match in
                    match.output[1].substring.map { String($0) }
                })
        }
        return (try names("apt"), try names("brew"))
    }

    @Test("whatever prepares a build installs every system library of the manifest")
    func setUp() throws {
        let (debian, brew) = try libraries()
        #expect(debian.count > 3 && debian.count == brew.count)
        let setup = try text("Scripts/setup.sh")
        let image = try text("Dockerfile")
        for name in debian {
            #expect(setup.contains("lacks \(name) "), "Scripts/setup.sh: \(name)")
            #expect(image.contains(" \(name) "), "Dockerfile: \(name)")
        }
        let formula = try text("Config/homebrew/bellwether.rb")
        let workflow = try #require(
            try text(".github/workflows/ci.yml").firstMatch(of: #/brew install ([^\n]+)/#)?.output
                .1)
        let lists = setup.matches(of: #/(?:for formula in|brew install) ([a-z0-9@ ]+pkgconf)/#)
        #expect(lists.count == 2)
        for name in brew {
            #expect(workflow.split(separator: " ").contains(Substring(name)), "ci.yml: \(name)")
            for list in lists {
                #expect(
                    list.output.1.split(separator: " ").contains(Substring(name)),
                    "Scripts/setup.sh: \(name)")
            }
            #expect(
                formula.contains("depends_on \"\(name)\"")
                    || formula.contains("uses_from_macos \"\(name)\""),
                "the formula: \(name)")
        }
    }

    @Test("the release fills in every placeholder of the formula")
    func formula() throws {
        let form = #/@([A-Z0-9]+)@/#
        let formula = Set(
            try text("Config/homebrew/bellwether.rb").matches(of: form).map(\.output.1))
        let filled = Set(
            try text(".github/workflows/release.yml").matches(of: form).map(\.output.1))
        #expect(formula == filled)
        #expect(formula.contains("SHA256"))
    }

    @Test("every script that a workflow or the Dockerfile runs exists and can be run")
    func scripts() throws {
        let workflows = try FileManager.default.contentsOfDirectory(
            atPath: LayoutTests.top.appendingPathComponent(".github/workflows").path)
        var seen: Set<String> = []
        for file in workflows.map({ ".github/workflows/" + $0 }) + ["Dockerfile"] {
            for match in try text(file).matches(of: #/Scripts\/[a-z-]+\.sh/#) {
                seen.insert(String(match.output))
            }
        }
        #expect(seen.count > 4)
        for script in seen {
            let path = LayoutTests.top.appendingPathComponent(script).path
            #expect(FileManager.default.isExecutableFile(atPath: path), "\(script)")
        }
    }

    /// The release workflow stops unless these agree, after half an hour of building.
    @Test("the release workflow finds the version where it looks for it")
    func tag() throws {
        let workflow = try text(".github/workflows/release.yml")
        for (check, file, line) in [
            (
                #"grep -qF "static let text = \"$version\"" Sources/App/Version.swift"#,
                "Sources/App/Version.swift", "static let text = \"\(Version.text)\""
            ),
            (
                #"grep -q "^version: $version\$" Config/helm/bellwether/Chart.yaml"#,
                "Config/helm/bellwether/Chart.yaml", "\nversion: \(Version.text)\n"
            ),
            (#"grep -q "^## $version" CHANGELOG.md"#, "CHANGELOG.md", "\n## \(Version.text)"),
        ] {
            #expect(workflow.contains(check))
            #expect(try text(file).contains(line), "\(file)")
        }
    }
}
