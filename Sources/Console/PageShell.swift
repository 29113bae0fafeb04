/// The frame of every page: landmarks, navigation, sign-out.
struct PageShell {
    let title: String
    let node: NodeFacts
    /// nil when nobody is signed in.
    let viewer: Viewer?
    /// The version that the live update compares; nil on a page without live updates.
    var version: Int?
    /// The path that the browser opens at once; nil: none.
    var next: String?
    let main: HTML

    var html: HTML {
        let place = node.az.isEmpty ? node.name : "\(node.name) in \(node.az)"
        let session: HTML = viewer.markup { viewer in
            """
            <form method="post" action="/sign-out" class="session"><span class="soft">\(viewer.name)</span> <button id="sign-out">Sign out</button></form>
            """
        }
        let live: HTML =
            version == nil
            ? "" : "<span id=\"live\" class=\"soft\" data-live=\"off\">as of this load</span>"
        let mark: HTML = version.markup { " data-version=\"\($0)\"" }
        let script: HTML =
            version == nil ? "" : "<script src=\"/status.js\" defer></script>\n"
        let refresh: HTML = next.markup {
            "<meta http-equiv=\"refresh\" content=\"0; url=\($0)\">\n"
        }
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title)</title>
            <link rel="icon" href="/status.svg" type="image/svg+xml">
            <link rel="stylesheet" href="/status.css">
            \(script)\(refresh)</head>
            <body>
            <a class="skip" href="#main">Skip to content</a>
            <header class="top"><a class="brand" href="/"><img src="/status.svg" alt="" width="22" height="22"> Bellwether</a>
            <span class="soft">\(place) · \(node.roles.joined(separator: " and "))</span> \(live)\(session)</header>
            <main id="main" tabindex="-1"\(mark)>
            \(main)
            </main>
            <p id="news" class="hidden" role="status"></p>
            </body>
            </html>

            """
    }
}
