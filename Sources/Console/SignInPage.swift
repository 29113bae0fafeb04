/// The sign-in form. Shows nothing about the node but its name, zone and roles.
struct SignInPage {
    let node: NodeFacts
    /// Why the last try failed, or the result of a sign-out.
    var notice = ""
    var isFault = false
    /// The path to go to then.
    var to = "/"

    var html: HTML {
        let words: HTML =
            notice.isEmpty
            ? ""
            : isFault
                ? "<p role=\"alert\" class=\"alert\" id=\"fault\">\(notice)</p>"
                : "<p role=\"status\">\(notice)</p>"
        let described: HTML = isFault ? " aria-describedby=\"fault\" aria-invalid=\"true\"" : ""
        return PageShell(
            title: "Sign in · Bellwether", node: node, viewer: nil,
            main: """
                <section class="sign-in" aria-labelledby="sign-in"><h1 id="sign-in">Sign in</h1>\(words)
                <form method="post" action="/sign-in"><input type="hidden" name="to" value="\(to)">
                <p><label for="token">A token with the scope read</label>
                <input id="token" name="token" type="password" autocomplete="current-password" required autofocus\(described)></p>
                <button>Sign in</button>
                </form>
                <p class="soft">The first start wrote one to <code>data/tokens/read</code>; <code>bellwether token create --name you --scope read</code> makes another.</p></section>
                """
        ).html
    }
}

/// Leads a browser that came from another site to the same page again, from our own.
struct ReturnPage {
    let node: NodeFacts
    let path: String

    var html: HTML {
        PageShell(
            title: "Bellwether", node: node, viewer: nil, next: path,
            main: "<p><a href=\"\(path)\">Go on</a></p>"
        ).html
    }
}
