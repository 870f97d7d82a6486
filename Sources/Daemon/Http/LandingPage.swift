/// The page at `/`: where to go, what is read, what is watched.
///
/// Plain HTML, no script, no outside resource.
enum LandingPage {
    /// The page for a status.
    static func html(_ status: StatusDocument) -> String {
        var page = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Telltale</title>
            <meta name="viewport" content="width=device-width">
            <style>
            body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
            table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
            th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884}
            td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
            :root{color-scheme:light dark}
            </style></head><body>
            <h1>Telltale</h1>
            <p>Version \(Escaping.html(status.version)), \(status.ready ? "ready" : "not ready yet"). \
            <a href="/metrics">Metrics</a> · <a href="/api/v1/status">Status as JSON</a> · \
            <a href="/report">Drift report</a> · <a href="/api/v1/drift">Drift as JSON</a> · \
            <a href="/-/healthy">Health</a> · <a href="/-/ready">Readiness</a></p>
            <p>\(Escaping.html(state(status)))</p>
            <h2>Sources</h2>
            <table><tr><th>Source</th><th>State</th><th class="n">Lag</th><th class="n">Received</th>\
            <th class="n">Accepted</th><th class="n">Rejected</th></tr>

            """
        for source in status.sources {
            let rejected = source.rejected.values.reduce(0, &+)
            let state = source.detail.isEmpty ? source.state : "\(source.state): \(source.detail)"
            page += row([
                (source.name, false), (state, false), (lag(source), true), ("\(source.received)", true),
                ("\(source.accepted)", true), ("\(rejected)", true),
            ])
        }
        page += """
            </table>
            <h2>Models</h2>
            <table><tr><th>Model</th><th>Version</th><th class="n">Predictions</th><th class="n">Signals</th>\
            <th>Last prediction</th><th>Reference</th></tr>

            """
        for model in status.models {
            page += row([
                (model.model, false), (model.version, false), ("\(model.predictions)", true),
                ("\(model.signals)", true),
                (model.last_prediction ?? "none", false), (reference(model), false),
            ])
        }
        if status.models.isEmpty { page += "<tr><td colspan=\"6\">No prediction seen yet.</td></tr>\n" }
        return page + "</table>\n</body></html>\n"
    }

    private static func row(_ cells: [(text: String, isNumber: Bool)]) -> String {
        let cells = cells.map { "<td\($0.isNumber ? " class=\"n\"" : "")>\(Escaping.html($0.text))</td>" }
        return "<tr>\(cells.joined())</tr>\n"
    }

    private static func state(_ status: StatusDocument) -> String {
        var text =
            status.config_reload_successful ? "" : "The last reload failed; the configuration before it is in use. "
        guard let directory = status.state_directory else { return text + "Nothing is kept over a restart." }
        if let written = status.state_written {
            text += "State is kept in \(directory), last written \(written)."
        } else {
            text += "State is to be kept in \(directory), not written yet."
        }
        if status.failed_commits > 0 { text += " \(status.failed_commits) commits failed." }
        return text
    }

    private static func lag(_ source: StatusDocument.Source) -> String {
        guard let bytes = source.lag_bytes, bytes > 0 else { return "none" }
        return "\(bytes) bytes, \(TableText.number(source.lag_seconds ?? 0)) s"
    }

    private static func reference(_ model: StatusDocument.Model) -> String {
        switch model.reference_state {
        case "learning": "learning \(model.learned ?? 0)/\(model.learning_goal ?? 0)"
        case "ready":
            "\(model.reference ?? "") (\(model.reference_source ?? ""), \(model.reference_events ?? 0) events)"
        default: "none"
        }
    }
}
