/// The page's only script: reloads the page's content when the server reports a change.
///
/// Without the script the page shows its state at load time.
enum StatusScript {
    static let text: StaticString = """
        "use strict";
        (() => {
          const main = document.getElementById("main");
          const live = document.getElementById("live");
          const news = document.getElementById("news");
          // The latest attempts are at the end.
          for (const e of document.querySelectorAll(".scroll:has(.grid)")) e.scrollLeft = e.scrollWidth;
          if (!main || !main.dataset.version || !window.EventSource) return;
          let busy = false, again = false;

          function say(state, words) { live.dataset.live = state; live.textContent = words; }

          function verdicts(root) {
            const found = new Map();
            for (const row of root.querySelectorAll("article.rollout")) {
              found.set(row.querySelector("h3").textContent, row.querySelector(".badge").textContent.trim().slice(2));
            }
            return found;
          }

          async function refresh() {
            if (busy) { again = true; return; }
            busy = true;
            try {
              const reply = await fetch("/", {credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(20000)});
              const page = new DOMParser().parseFromString(await reply.text(), "text/html");
              const fresh = page.getElementById("main");
              if (!fresh || !fresh.dataset.version) { location.reload(); return; }
              const open = new Set([...main.querySelectorAll("details[open]")].map(d => d.id));
              for (const d of fresh.querySelectorAll("details")) d.open = open.has(d.id);
              const scrolled = [...main.querySelectorAll(".scroll")].map(e => e.scrollLeft);
              const focused = main.contains(document.activeElement) ? document.activeElement.id : "";
              const before = verdicts(main);
              main.replaceChildren(...fresh.childNodes);
              main.dataset.version = fresh.dataset.version;
              main.querySelectorAll(".scroll").forEach((e, i) => { e.scrollLeft = scrolled[i] || 0; });
              if (focused) document.getElementById(focused)?.focus({preventScroll: true});
              const changed = [...verdicts(main)].filter(([name, verdict]) => before.get(name) !== verdict);
              if (changed.length) news.textContent = changed.map(([name, verdict]) => name + " is " + verdict).join(", ");
              if (source.readyState === EventSource.OPEN) say("on", "live");
            } catch {
              // No further change may come.
              say("off", "not reachable, trying again");
              setTimeout(refresh, 3000);
            }
            finally {
              busy = false;
              if (again) { again = false; refresh(); }
            }
          }

          const source = new EventSource("/status/events?since=" + encodeURIComponent(main.dataset.version));
          source.onopen = () => say("on", "live");
          source.onerror = () => say("off", "not reachable, trying again");
          source.addEventListener("change", event => { if (event.data !== main.dataset.version) refresh(); });
        })();

        """

    static let icon: StaticString = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#b7791f" d="M12 2a2 2 0 0 0-2 2v.6C7 5.500 5 8.200 5 11.500V16l-2 2.500V20h18v-1.500L19 16v-4.500c0-3.300-2-6-5-6.900V4a2 2 0 0 0-2-2zM9.500 21a2.500 2.500 0 0 0 5 0z"/></svg>

        """
}
