/// The style sheet: dark and light, from a phone's width up, without remote content.
enum StatusStyle {
    static let text: StaticString = """
        :root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #f6f7f9; --card: #ffffff; --line: #d5dae1; --link: #0a58ca; --focus: #0a58ca;
          --good: #1a6b2f; --good-bg: #dcf5e3; --warn: #7a4a00; --warn-bg: #ffedc2; --dark: #5b34a0; --dark-bg: #ece2fb; --bad: #ffffff; --bad-bg: #b3261e; --bad-ink: #b3261e;
          --l0: #0a58ca; --l1: #b8400e; --l2: #0b7a75; --l3: #8a2f8f; --l4: #5c6b00; --l5: #3b4252; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4af; --paper: #0d1117; --card: #161b22; --line: #30363d; --link: #79b8ff; --focus: #79b8ff;
          --good: #7ee2a0; --good-bg: #12351f; --warn: #f2cc60; --warn-bg: #3d2e00; --dark: #d2b8ff; --dark-bg: #33215a; --bad: #1b0503; --bad-bg: #ff8a80; --bad-ink: #ff8a80;
          --l0: #79b8ff; --l1: #ffab70; --l2: #5eead4; --l3: #f0a6f5; --l4: #cddc5a; --l5: #c3cad6; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); }
        main, .top { max-width: 78rem; margin: 0 auto; padding: 0 1rem; }
        main { padding-bottom: 3rem; }
        main:focus { outline: none; }
        a { color: var(--link); }
        :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
        .skip { position: absolute; left: -99rem; }
        .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .3rem .8rem; z-index: 2; }
        .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; margin: 0; }
        .soft { color: var(--soft); font-size: .88rem; }
        .top { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem 1rem; padding-top: .8rem; padding-bottom: .8rem; }
        .brand { display: flex; align-items: center; gap: .45rem; color: var(--ink); font-weight: 700; font-size: 1.1rem; text-decoration: none; }
        .session { margin-left: auto; }
        #live::before { content: ""; display: inline-block; width: .55rem; height: .55rem; border-radius: 50%; border: 2px solid var(--soft); margin-right: .35rem; }
        #live[data-live=on]::before { background: var(--good); border-color: var(--good); }
        h1 { font-size: 1.5rem; line-height: 1.25; margin: .6rem 0; display: inline-block; overflow-wrap: anywhere; }
        h2 { font-size: 1.12rem; margin: 1.8rem 0 .5rem; }
        h3 { font-size: 1.08rem; margin: 0; display: inline-block; overflow-wrap: anywhere; }
        p { margin: .35rem 0; overflow-wrap: anywhere; }
        code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .88em; overflow-wrap: anywhere; }
        pre { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; white-space: pre-wrap; max-height: 40rem; overflow: auto; }
        iframe { width: 100%; height: 36rem; border: 1px solid var(--line); border-radius: .5rem; background: #fff; }
        button, input { font: inherit; color: inherit; }
        button { background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .2rem .8rem; cursor: pointer; }
        button:hover { border-color: var(--soft); }
        input { background: var(--card); border: 1px solid var(--soft); border-radius: .4rem; padding: .45rem .6rem; width: 100%; }
        .sign-in { max-width: 26rem; margin: 3rem auto; background: var(--card); border: 1px solid var(--line); border-radius: .7rem; padding: 1.2rem 1.5rem; }
        .sign-in button { margin-top: .5rem; background: var(--link); border-color: var(--link); color: var(--card); padding: .45rem 1.2rem; font-weight: 600; }
        select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--soft); border-radius: .4rem; padding: .45rem .6rem; }
        .fields { max-width: 40rem; }
        .fields label { display: block; color: var(--soft); }
        .fields button { margin: .5rem 0; }
        button.main { background: var(--link); border-color: var(--link); color: var(--card); padding: .45rem 1.2rem; font-weight: 600; }
        .alert { border-left: 4px solid var(--bad-ink); padding: .4rem .8rem; background: var(--card); font-weight: 600; }
        .mark { color: var(--bad-ink); }
        .empty { color: var(--soft); background: var(--card); border: 1px dashed var(--line); border-radius: .5rem; padding: .8rem 1rem; }
        .tiles { list-style: none; display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .7rem; margin: .4rem 0 0; padding: 0; }
        .tile { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem .9rem; }
        .tile b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
        .tile span { color: var(--soft); font-size: .88rem; }
        .tile em { display: block; font-style: normal; font-size: .84rem; color: var(--bad-ink); font-weight: 600; }
        .tile.bad { border-color: var(--bad-ink); }
        .legend { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; }
        .badge { display: inline-block; border-radius: 1rem; padding: 0 .65rem; font-size: .84rem; font-weight: 600; white-space: nowrap; }
        .healthy { background: var(--good-bg); color: var(--good); }
        .degraded { background: var(--warn-bg); color: var(--warn); }
        .unknown { background: var(--dark-bg); color: var(--dark); }
        .unhealthy { background: var(--bad-bg); color: var(--bad); }
        .rollout { background: var(--card); border: 1px solid var(--line); border-radius: .7rem; padding: .9rem 1.1rem; margin: .8rem 0; }
        .rollout > header { margin-bottom: .6rem; }
        .rollout h3 { margin-right: .5rem; }
        .scroll { overflow-x: auto; position: relative; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; background: var(--card); }
        th, td { text-align: left; padding: .35rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
        thead th { color: var(--soft); font-size: .82rem; font-weight: 600; white-space: nowrap; }
        tbody th { font-weight: 600; }
        .number { text-align: right; }
        .words { min-width: 12rem; overflow-wrap: anywhere; }
        .name { min-width: 14rem; overflow-wrap: anywhere; }
        th code, td code { white-space: nowrap; }
        .grid { width: auto; }
        .grid th, .grid td { padding: .15rem; border: 0; text-align: center; vertical-align: middle; }
        .grid tbody th, .grid thead th:first-child { text-align: left; padding-right: .9rem; white-space: nowrap; position: sticky; left: 0; background: var(--card); z-index: 1; }
        .grid .now { padding-left: .8rem; text-align: left; white-space: nowrap; }
        .cell { display: block; min-width: 1.75rem; line-height: 1.75rem; border-radius: .35rem; font-weight: 700; text-decoration: none; text-align: center; }
        a.cell:hover { box-shadow: 0 0 0 2px var(--ink); }
        .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(21rem, 100%), 1fr)); gap: .8rem 1.6rem; margin-top: .8rem; }
        .chart { margin: 0; }
        .chart figcaption { font-size: .88rem; color: var(--soft); overflow-wrap: anywhere; }
        .chart.fail b, .state.fail { color: var(--bad-ink); }
        .chart.warn b, .state.warn { color: var(--warn); }
        .chart.nodata b, .state.nodata { color: var(--dark); }
        .state { font-weight: 600; white-space: nowrap; }
        svg { width: 100%; height: auto; display: block; }
        svg path { fill: none; stroke-width: 22; stroke-linejoin: round; stroke-linecap: round; }
        svg .axis { stroke: var(--line); stroke-width: 10; }
        svg .stable { stroke: var(--soft); stroke-width: 16; stroke-dasharray: 50 45; }
        svg path.limit { stroke: var(--bad-ink); stroke-width: 16; stroke-dasharray: 8 40; }
        svg text { font-size: 100px; fill: var(--soft); }
        svg text.limit { fill: var(--bad-ink); }
        svg text.value { font-weight: 600; }
        svg text.end { text-anchor: end; }
        path.l0 { stroke: var(--l0); } circle.l0, text.l0 { fill: var(--l0) !important; }
        path.l1 { stroke: var(--l1); } circle.l1, text.l1 { fill: var(--l1) !important; }
        path.l2 { stroke: var(--l2); } circle.l2, text.l2 { fill: var(--l2) !important; }
        path.l3 { stroke: var(--l3); } circle.l3, text.l3 { fill: var(--l3) !important; }
        path.l4 { stroke: var(--l4); } circle.l4, text.l4 { fill: var(--l4) !important; }
        path.l5 { stroke: var(--l5); } circle.l5, text.l5 { fill: var(--l5) !important; }
        details { margin: .7rem 0; }
        summary { cursor: pointer; color: var(--link); }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .5rem 0; }
        dt { color: var(--soft); }
        dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
        meter { width: min(20rem, 100%); height: 1rem; }
        .plain { list-style: none; padding: 0; margin: 0; }
        .plain li { background: var(--card); border: 1px solid var(--line); border-bottom-width: 0; padding: .45rem .8rem; overflow-wrap: anywhere; }
        .plain li:last-child { border-bottom-width: 1px; }
        .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 0 2rem; }
        @media (max-width: 36rem) { .grid .soft { display: none; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } th, td { padding: .3rem .45rem; } .tiles { grid-template-columns: repeat(2, 1fr); } }
        @media (prefers-reduced-motion: no-preference) { .cell { transition: box-shadow .1s; } }
        @media (forced-colors: active) { .cell, .badge { border: 1px solid; } }

        """
}
