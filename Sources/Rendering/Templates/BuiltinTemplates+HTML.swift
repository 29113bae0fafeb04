extension BuiltinTemplates {
    /// A complete page for light and dark colour schemes, without remote content.
    static let html = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="supported-color-schemes" content="light dark">
        <title>{{headline}}</title>
        <style>
        :root { color-scheme: light dark; }
        @media (prefers-color-scheme: dark) {
        body, .page { background: #0d1117 !important; color: #e6edf3 !important; }
        .soft, .spark, th, footer { color: #9aa4af !important; }
        .bar.bad { border-color: #ff7b72 !important; }
        .bar.warn { border-color: #e3b341 !important; }
        .bar.dark { border-color: #d2a8ff !important; }
        .bar.good { border-color: #56d364 !important; }
        .bar.over { border-color: #9aa4af !important; }
        th, td, footer { border-color: #30363d !important; }
        .fail { color: #ff7b72 !important; }
        .warning { color: #e3b341 !important; }
        .nodata { color: #d2a8ff !important; }
        .button { background: #21262d !important; border-color: #30363d !important; color: #e6edf3 !important; }
        pre { background: #161b22 !important; border-color: #30363d !important; color: #e6edf3 !important; }
        }
        </style>
        </head>
        <body style="margin:0;padding:0;background:#ffffff;color:#1b1f24">
        <div class="page" style="background:#ffffff;color:#1b1f24;padding:20px 16px;font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif">
        <main style="display:block;max-width:640px;margin:0 auto">
        <div class="bar {{status_class}}" style="border-left:4px solid {{color}};padding-left:12px;margin-bottom:14px">
        <h1 style="font-size:20px;line-height:1.3;margin:0 0 2px;overflow-wrap:anywhere;word-break:break-word">{{icon}} {{headline}}</h1>
        <p class="soft" style="color:#57606a;font-size:13px;margin:2px 0;overflow-wrap:anywhere">{{#scope}}{{.}}, {{/scope}}{{time}}</p>
        {{#facts}}
        <p class="soft" style="color:#57606a;font-size:13px;margin:2px 0;overflow-wrap:anywhere">{{.}}</p>
        {{/facts}}
        </div>
        {{#argo_reason}}
        <p style="margin:6px 0;overflow-wrap:anywhere"><strong>{{.}}</strong></p>
        {{/argo_reason}}
        {{#acknowledged}}
        <p style="margin:6px 0;overflow-wrap:anywhere">This is {{.}}</p>
        {{/acknowledged}}
        {{#silence}}
        <p style="margin:6px 0;overflow-wrap:anywhere">This was {{.}}. {{silence_count}}.</p>
        {{/silence}}
        {{#replaces}}
        <p style="margin:6px 0;overflow-wrap:anywhere">{{.}}</p>
        {{/replaces}}
        {{#late}}
        <p style="margin:6px 0;overflow-wrap:anywhere">{{.}}</p>
        {{/late}}
        {{#node_fault}}
        <p style="margin:6px 0;overflow-wrap:anywhere">{{.}}</p>
        {{/node_fault}}
        {{#changes}}
        <p style="margin:6px 0;overflow-wrap:anywhere"><strong>{{change}}</strong></p>
        {{/changes}}
        {{#more_changes}}
        <p style="margin:6px 0;overflow-wrap:anywhere">and {{.}} more changes</p>
        {{/more_changes}}
        {{#metrics}}
        <p style="margin:6px 0;overflow-wrap:anywhere"><strong>{{metric}} {{#metric_from}}{{.}} → {{/metric_from}}{{metric_to}}</strong>{{#metric_place}} {{.}}{{/metric_place}}{{#metric_note}} <span class="soft" style="color:#57606a">({{.}})</span>{{/metric_note}}</p>
        {{/metrics}}
        {{#more_metrics}}
        <p style="margin:6px 0;overflow-wrap:anywhere">and {{.}} more metrics</p>
        {{/more_metrics}}
        {{#attempts}}
        <p style="margin:6px 0;overflow-wrap:anywhere">{{.}}.{{#chance}} <strong>{{.}}</strong>{{/chance}}</p>
        {{/attempts}}
        {{#table}}
        <table style="width:100%;border-collapse:collapse;font-size:14px;margin:14px 0 4px">
        <tr><th style="text-align:left;vertical-align:bottom;padding:5px 10px 5px 0;border-bottom:1px solid #d0d7de;color:#57606a;font-size:12px;overflow-wrap:anywhere;word-break:break-word">{{place_word}}</th>{{#heads}}<th style="text-align:left;vertical-align:bottom;padding:5px 10px 5px 0;border-bottom:1px solid #d0d7de;color:#57606a;font-size:12px;overflow-wrap:anywhere;word-break:break-word">{{head}}</th>{{/heads}}</tr>
        {{#rows}}
        <tr><td style="text-align:left;vertical-align:top;padding:6px 10px 6px 0;border-bottom:1px solid #d0d7de;overflow-wrap:anywhere;word-break:break-word"><strong>{{place}}</strong><br><span class="soft" style="color:#57606a">{{row_status}} {{try}}</span></td>{{#cells}}<td style="text-align:left;vertical-align:top;padding:6px 10px 6px 0;border-bottom:1px solid #d0d7de;overflow-wrap:anywhere;word-break:break-word"><span class="{{cell_class}}" style="font-weight:600;color:{{cell_color}}">{{cell_value}}{{#cell_over}} ({{cell_state}}){{/cell_over}}</span>{{#cell_spark}}<br><span class="spark" style="color:#57606a;font-family:ui-monospace,Menlo,Consolas,monospace">{{.}}</span>{{/cell_spark}}{{#cell_change}} <span class="soft" style="color:#57606a">{{.}}</span>{{/cell_change}}</td>{{/cells}}</tr>
        {{/rows}}
        {{#stable_row}}
        <tr><td style="text-align:left;vertical-align:top;padding:6px 10px 6px 0;border-bottom:1px solid #d0d7de;overflow-wrap:anywhere;word-break:break-word"><span class="soft" style="color:#57606a">stable</span></td>{{#cells}}<td style="text-align:left;vertical-align:top;padding:6px 10px 6px 0;border-bottom:1px solid #d0d7de;overflow-wrap:anywhere;word-break:break-word"><span class="soft" style="color:#57606a">{{cell_value}}</span></td>{{/cells}}</tr>
        {{/stable_row}}
        </table>
        <p class="soft" style="color:#57606a;font-size:13px;margin:2px 0">Change since the previous attempt. Worst first.{{#healthy}} {{.}}.{{/healthy}}{{#more_rows}} And {{.}} more places.{{/more_rows}}{{#more_columns}} And {{.}} more metrics.{{/more_columns}}{{#omitted_lines}} {{.}} from further places are counted, not shown.{{/omitted_lines}}</p>
        {{/table}}
        {{#has_items}}
        <ul style="margin:8px 0;padding-left:20px">
        {{/has_items}}
        {{#reasons}}
        <li style="margin:3px 0;overflow-wrap:anywhere">{{reason}}</li>
        {{/reasons}}
        {{#more_reasons}}
        <li style="margin:3px 0;overflow-wrap:anywhere">and {{.}} more reasons</li>
        {{/more_reasons}}
        {{#other_reasons}}
        <li style="margin:3px 0;overflow-wrap:anywhere">other reasons were given {{.}}</li>
        {{/other_reasons}}
        {{#notices}}
        <li style="margin:3px 0;overflow-wrap:anywhere">{{notice}}</li>
        {{/notices}}
        {{#more_notices}}
        <li style="margin:3px 0;overflow-wrap:anywhere">and {{.}} more kinds</li>
        {{/more_notices}}
        {{#other_notices}}
        <li style="margin:3px 0;overflow-wrap:anywhere">{{.}} of further kinds</li>
        {{/other_notices}}
        {{#members}}
        <li style="margin:3px 0;overflow-wrap:anywhere">{{member}}{{#member_metric}}: <strong>{{.}}</strong>{{/member_metric}}</li>
        {{/members}}
        {{#more_members}}
        <li style="margin:3px 0;overflow-wrap:anywhere">and {{.}} more groups</li>
        {{/more_members}}
        {{#policies}}
        <li style="margin:3px 0;overflow-wrap:anywhere">The policy changed in mid-run: {{.}}</li>
        {{/policies}}
        {{#binaries}}
        <li style="margin:3px 0;overflow-wrap:anywhere">More than one binary measured, attempts across the change can't be compared: {{.}}</li>
        {{/binaries}}
        {{#has_items}}
        </ul>
        {{/has_items}}
        {{#advice}}
        <p style="margin:6px 0;overflow-wrap:anywhere">{{.}}</p>
        {{/advice}}
        {{#has_commands}}
        <pre style="background:#f6f8fa;border:1px solid #d0d7de;border-radius:6px;padding:10px 12px;margin:14px 0;white-space:pre-wrap;overflow-wrap:anywhere;word-break:break-word;font:13px/1.6 ui-monospace,Menlo,Consolas,monospace">{{#commands}}{{command}}
        {{/commands}}</pre>
        {{/has_commands}}
        {{#has_links}}
        <p style="margin:10px 0;line-height:2.4">{{#links}}<a class="button" href="{{link_url}}" style="display:inline-block;line-height:1.2;padding:7px 12px;margin:0 6px 0 0;border:1px solid #d0d7de;border-radius:6px;background:#f6f8fa;color:#1b1f24;text-decoration:none">{{link_name}}</a>{{/links}}</p>
        {{/has_links}}
        <footer style="display:block;margin-top:18px;padding-top:10px;border-top:1px solid #d0d7de;color:#57606a;font-size:12px;overflow-wrap:anywhere">digest {{digest_id}} · {{window}} · {{events}}, {{dropped}} dropped{{#next}} · next {{.}}{{/next}}</footer>
        </main>
        </div>
        </body>
        </html>

        """
}
