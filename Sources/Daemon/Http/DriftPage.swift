/// The page at `/report`: what `/api/v1/drift` says, for people.
///
/// Plain HTML, no script, no outside resource; everything from outside is escaped. Bounded as the document is.
enum DriftPage {
    /// The page for a document.
    static func html(_ document: DriftDocument) -> String {
        var page = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Drift report</title>
            <meta name="viewport" content="width=device-width">
            <style>
            body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}
            table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
            th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8884}
            td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
            td.m{border-bottom:0;padding-left:2rem;color:#888}
            .d{color:#c22;font-weight:600}.q{color:#b60;font-weight:600}
            .b{display:inline-block;height:.7em;background:#47a}.b.l{background:#c84}
            :root{color-scheme:light dark}
            </style></head><body>
            <h1>Drift report</h1>
            <p>\(Escaping.html(moment(document))) <a href="/">Telltale</a> · <a href="/api/v1/drift">as JSON</a></p>

            """
        if document.models.isEmpty { page += "<p>No such model.</p>\n" }
        for model in document.models { page += section(model) }
        if document.omitted_signals > 0 {
            page += "<p>\(document.omitted_signals) more signals with less evidence are left out; "
            page += "?model=… or ?feature=… shows them.</p>\n"
        }
        return page + "</body></html>\n"
    }

    private static func moment(_ document: DriftDocument) -> String {
        guard let taken = document.taken, let commit = document.commit else { return "Nothing has been committed yet." }
        return "As of \(taken), commit \(commit)."
    }

    // MARK: Models

    private static func section(_ model: DriftDocument.Model) -> String {
        var text = "<h2>\(Escaping.html(model.model)) \(Escaping.html(model.version))</h2>\n"
        text += "<p>\(Escaping.html(reference(model)))"
        for kind in model.kinds {
            let verdict = "\(kind.kind): \(kind.drifted_signals) of \(kind.compared_signals) drifted"
            text += kind.drifted ? " <span class=\"d\">\(verdict).</span>" : " \(verdict)."
        }
        text += "</p>\n"
        guard let gates = model.gates, !model.signals.isEmpty else { return text }
        text += """
            <table><tr><th>Signal</th><th>Verdict</th><th>Since</th><th class="n">Log evidence</th>\
            <th class="n">Effect, at least</th><th class="n">Values</th><th class="n">Alarms</th></tr>
            <tr><td class="m" colspan="3">needed for a verdict</td><td class="n">\
            \(TableText.number(gates.log_evidence))</td><td class="n">\(TableText.number(gates.effect))</td>\
            <td></td><td></td></tr>

            """
        for signal in model.signals { text += rows(signal) }
        return text + "</table>\n"
    }

    private static func reference(_ model: DriftDocument.Model) -> String {
        guard let reference = model.reference else {
            return model.reference_state == "learning" ? "The reference is being learned." : "There is no reference."
        }
        return "Reference \(reference.hash), \(reference.source), of \(reference.events) events, \(reference.created);"
    }

    // MARK: Signals

    private static func rows(_ signal: DriftDocument.Signal) -> String {
        let verdict =
            signal.drifted
            ? "<span class=\"d\">drifted</span>"
            : signal.quality_drifted ? "<span class=\"q\">missing or invalid values</span>" : "ok"
        let effect = signal.effect.map {
            "\(TableText.fixed($0.psi_excess, digits: 3)), \(TableText.fixed($0.psi_excess_lower, digits: 3))"
        }
        let values = signal.effect.map { "\($0.observations)" }
        let cells = [
            "<td>\(signal.kind) \(Escaping.html(signal.feature))</td>", "<td>\(verdict)</td>",
            "<td>\(signal.onset ?? "")</td>", "<td class=\"n\">\(TableText.number(signal.log_evidence))</td>",
            "<td class=\"n\">\(effect ?? "")</td>", "<td class=\"n\">\(values ?? "")</td>",
            "<td class=\"n\">\(signal.alarms)</td>",
        ]
        var text = "<tr>\(cells.joined())</tr>\n"
        for part in signal.contributions { text += row(part) }
        if signal.effect != nil {
            for window in signal.windows where !window.shifts.isEmpty { text += row(window) }
        }
        return text
    }

    /// What moved: a bar as long as its part, and both shares.
    private static func row(_ part: DriftDocument.Contribution) -> String {
        let width = Int((abs(part.contribution) * 100).rounded().clampedForCount)
        let bar = "<span class=\"b\(part.contribution < 0 ? " l" : "")\" style=\"width:\(min(width, 100))px\"></span>"
        let shares = [part.reference_ratio, part.current_ratio].map { TableText.fixed($0 * 100, digits: 1) }
        let text = "\(Escaping.html(name(of: part))): \(shares[0]) → \(shares[1]) %"
        return "<tr><td class=\"m\" colspan=\"7\">\(bar) \(text)</td></tr>\n"
    }

    private static func name(of part: DriftDocument.Contribution) -> String {
        switch (part.from, part.below) {
        case (let from?, let below?): "\(TableText.number(from)) … \(TableText.number(below))"
        case (let from?, nil): "≥ \(TableText.number(from))"
        case (nil, let below?): "< \(TableText.number(below))"
        case (nil, nil): part.bin
        }
    }

    /// Where numbers went in a window.
    private static func row(_ window: DriftDocument.Window) -> String {
        let shifts = window.shifts.map {
            "\($0.statistic) \(TableText.number($0.reference)) → \(TableText.number($0.current))"
        }
        let text = "\(Escaping.html(window.window)): \(shifts.joined(separator: ", "))"
        return "<tr><td class=\"m\" colspan=\"7\">\(text)</td></tr>\n"
    }
}
