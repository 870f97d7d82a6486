import Events

/// A schema on its way from sampled fields: roles by name and type first, features from what is left.
struct SchemaDraft {
    private let fields: [FieldSample]
    private let hints: SchemaHints
    /// Whether later records may have fields that none has had so far.
    private let hasFurtherFields: Bool
    private(set) var explanation: [String] = []
    var schema = Schema(signals: [])
    private var taken: Set<Int> = []

    init(
        fields: [FieldSample], inputs: [[String]] = [], outputs: [[String]] = [], hints: SchemaHints = SchemaHints(),
        hasFurtherFields: Bool = true
    ) {
        self.hasFurtherFields = hasFurtherFields
        self.fields = fields
        self.hints = hints
        (schema.inputs, schema.outputs) = (inputs, outputs)
    }

    /// Where a field is: in the record itself, or a column of one of its tables.
    private enum Side {
        case record, input, output
    }

    private func side(_ field: FieldSample) -> Side {
        let table = Array(field.path.dropLast())
        return schema.inputs.contains(table) ? .input : schema.outputs.contains(table) ? .output : .record
    }

    /// The name that a field is compared by.
    private func key(_ field: FieldSample) -> String {
        FieldNames.normalised(side(field) == .record ? field.path : field.path.suffix(1))
    }

    // MARK: Hints

    /// Assigns what somebody has said; of several fields with a meaning there is one of, the first that records carry.
    mutating func assignHints() {
        for meaning in SchemaHints.Field.Meaning.allCases {
            let said = hints.fields.filter { $0.meaning == meaning }
            if meaning == .feature {
                // Of several places of one feature, the one that records have.
                for field in said where field == place(of: field, among: said) { assign(field, meaning) }
            } else if meaning == .ignore {
                for field in said { assign(field, meaning) }
            } else if let field = said.first(where: { index(of: $0.path) != nil }) ?? said.first {
                assign(field, meaning)
            }
        }
        for field in hints.fields where field.meaning == nil && field.source != .value { assign(field, .feature) }
        if !schema.inputs.isEmpty { explain("instances: \(names(schema.inputs))") }
        if !schema.outputs.isEmpty { explain("answers: \(names(schema.outputs))") }
    }

    private func names(_ paths: [[String]]) -> String {
        paths.map { $0.joined(separator: ".") }.joined(separator: ", ")
    }

    private func place(of field: SchemaHints.Field, among said: [SchemaHints.Field]) -> SchemaHints.Field {
        guard let name = field.name else { return field }
        let places = said.filter { $0.name == name }
        return places.first { index(of: $0.path) != nil } ?? places.first ?? field
    }

    private func index(of path: [String]) -> Int? { fields.firstIndex { $0.path == path } }

    private mutating func assign(_ field: SchemaHints.Field, _ meaning: SchemaHints.Field.Meaning) {
        let place = index(of: field.path)
        if let place { taken.insert(place) }
        if case .since(let start) = field.source, let other = index(of: start) { taken.insert(other) }
        let name = field.path.joined(separator: ".")
        switch meaning {
        case .timestamp:
            schema.timestamp = field.path
            schema.timestampUnit =
                hints.timestampUnit ?? place.flatMap { Self.timestampUnit(fields[$0]) } ?? .seconds
        case .id: schema.identifier = field.path
        case .model: schema.model = field.path
        case .version: schema.version = field.path
        case .status: schema.status = field.path
        case .ignore: schema.ignored.append(field.path)
        case .feature: append(field, .feature, place, named: field.path[field.path.count - 1])
        case .prediction: append(field, .prediction, place, named: "prediction")
        case .score: append(field, .score, place, named: "score")
        case .outcome: append(field, .outcome, place, named: "outcome")
        case .latency: append(field, .latency, place, named: "latency")
        }
        if meaning.isIdentity { explain("\(meaning.rawValue): \(name), as given") }
    }

    private mutating func append(_ field: SchemaHints.Field, _ role: Role, _ place: Int?, named own: String) {
        let sample = place.map { fields[$0] }
        let isText = sample.map { !$0.isNumeric && $0.present > 0 } ?? false
        var kind: SignalKind = isText ? .categorical : .numeric
        if role == .prediction || role == .outcome {
            kind = sample.map { $0.isNumeric && !$0.isClassNumber } ?? false ? .numeric : .categorical
        }
        if role == .latency || role == .score || field.source != .value { kind = .numeric }
        let unit = FieldNames.latencyScale(FieldNames.normalised(field.path.suffix(1)))
        let latency = role == .latency ? unit?.scale : nil
        let name = role == .feature ? field.name ?? own : own
        schema.signals.append(
            Signal(
                name: name, role: role, kind: field.kind ?? kind, path: field.path, scale: field.scale ?? latency ?? 1,
                source: field.source))
        explain("\(role == .feature ? "feature \(name)" : own): \(field.path.joined(separator: ".")), as given")
    }

    /// What is said about a field whose meaning is left open.
    private func adjustment(_ path: [String]) -> SchemaHints.Field? {
        hints.fields.first { $0.path == path && $0.meaning == nil && $0.source == .value }
    }

    // MARK: Roles

    mutating func assignRoles() {
        if schema.timestamp == nil { assignTimestamp() }
        if schema.identifier == nil,
            let index = take(
                FieldNames.identifier,
                where: { $0.texts + $0.numbers == $0.present && $0.present > 0 && !$0.isShared })
        {
            schema.identifier = fields[index].path
            explain("identifier: \(fields[index].name)")
        }
        if schema.model == nil, let index = take(FieldNames.model, where: isLabel) {
            schema.model = fields[index].path
            explain("model: \(fields[index].name)")
        }
        if schema.version == nil, let index = take(FieldNames.version, where: isLabel) {
            schema.version = fields[index].path
            explain("version: \(fields[index].name)")
        }
        if schema.status == nil, let index = take(FieldNames.status, where: isStatus) {
            schema.status = fields[index].path
            explain("status: \(fields[index].name)")
        }
        assignPredictionAndOutcome()
        if !has(.score),
            let index = take(FieldNames.score, where: { $0.isNumeric })
                ?? take(FieldNames.answeredScore, in: .output, where: { $0.isNumeric })
        {
            append(index, "score", .score, .numeric)
        }
        if !has(.latency) { assignLatency() }
    }

    private func has(_ role: Role) -> Bool { schema.signals.contains { $0.role == role } }

    /// The first field that has one of the names, in the order of the names, and passes the test.
    private mutating func take(
        _ names: [String], in place: Side = .record, where test: (FieldSample) -> Bool
    ) -> Int? {
        for name in names {
            for (index, field) in fields.enumerated()
            where !taken.contains(index) && side(field) == place && key(field) == name && test(field) {
                taken.insert(index)
                return index
            }
        }
        return nil
    }

    private func isLabel(_ field: FieldSample) -> Bool {
        field.present > 0 && field.texts + field.numbers == field.present && field.distinct <= 64
    }

    private func isStatus(_ field: FieldSample) -> Bool {
        guard let key = field.path.last else { return false }
        return StatusNames.namesAnError(key) || (field.present > 0 && field.statuses == field.present)
    }

    private mutating func assignTimestamp() {
        let hasZone = schema.format.zoneOffset != nil
        let isTime = { (field: FieldSample) -> Bool in
            let times = !hasZone ? field.times : field.times + field.localTimes
            return field.present > 0
                && (times == field.present || (field.isNumeric && Self.timestampUnit(field) != nil))
        }
        if let index = take(FieldNames.timestamp, where: isTime) {
            schema.timestamp = fields[index].path
            if let unit = hints.timestampUnit ?? Self.timestampUnit(fields[index]), fields[index].isNumeric {
                schema.timestampUnit = unit
                explain("timestamp: \(fields[index].name), \(unit) since 1970")
            } else {
                explain("timestamp: \(fields[index].name), RFC 3339")
            }
        } else if let name = FieldNames.timestamp.first(where: { name in
            fields.contains { side($0) == .record && key($0) == name && $0.texts > 0 }
        }) {
            explain(
                "no timestamp: \(name) is not RFC 3339 with an offset; give timezone, or events count on arrival")
        } else {
            explain("no timestamp: events count when they arrive")
        }
    }

    /// The unit in which a field's numbers are times from 1973 on, by their size.
    private static func timestampUnit(_ field: FieldSample) -> TimestampUnit? {
        guard field.smallest >= 1e8 else { return nil }
        switch field.largest {
        case ..<1e11: return .seconds
        case ..<1e14: return .milliseconds
        case ..<1e17: return .microseconds
        case ..<TimestampReader.limit: return .nanoseconds
        default: return nil
        }
    }

    /// Both are classes or both are numbers, since one is compared with the other.
    private mutating func assignPredictionAndOutcome() {
        let isScalar = { (field: FieldSample) -> Bool in field.present > 0 && field.lists == 0 }
        var prediction: Int?
        if !has(.prediction) {
            prediction = take(FieldNames.prediction + FieldNames.answer, in: .output, where: isScalar)
            let known = taken
            let answers = fields.indices.filter { side(fields[$0]) == .output && !known.contains($0) }
            if prediction == nil, answers.count == 1, isScalar(fields[answers[0]]) {
                prediction = answers[0]
                taken.insert(answers[0])
            }
            if prediction == nil { prediction = take(FieldNames.prediction, where: isScalar) }
        }
        let outcome = has(.outcome) ? nil : take(FieldNames.outcome, where: isScalar)
        let found = [prediction, outcome].compactMap { $0 }
        let isNamed = found.contains { !fields[$0].isNumeric }
        let kind: SignalKind =
            isNamed || found.allSatisfy { fields[$0].isClassNumber } ? .categorical : .numeric
        if let prediction { append(prediction, "prediction", .prediction, kind) }
        if let outcome { append(outcome, "outcome", .outcome, kind) }
        expectOutcome()
    }

    /// What turned out to be true may come hours later, in records of their own in the same log.
    private mutating func expectOutcome() {
        let path = [FieldNames.outcome[0]]
        guard hasFurtherFields, schema.identifier != nil, schema.inputs.isEmpty, schema.outputs.isEmpty,
            let kind = schema.signals.first(where: { $0.role == .prediction })?.kind, !has(.outcome),
            index(of: path) == nil
        else { return }
        schema.signals.append(Signal(name: "outcome", role: .outcome, kind: kind, path: path))
        explain("outcome: \(path[0]), \(kind), in case it comes with the id in a record of its own")
    }

    private mutating func assignLatency() {
        for (index, field) in fields.enumerated()
        where !taken.contains(index) && side(field) == .record && field.isNumeric {
            guard let (hasUnit, scale) = FieldNames.latencyScale(FieldNames.normalised(field.path)) else { continue }
            taken.insert(index)
            // A bare name says nothing about the unit: no model that is waited for takes a minute in the middle.
            let isMilliseconds = !hasUnit && field.largest > 60
            append(index, "latency", .latency, .numeric, scale: isMilliseconds ? 0.001 : scale)
            if !hasUnit { explain("latency is taken for \(isMilliseconds ? "milliseconds" : "seconds") by its size") }
            return
        }
    }

    // MARK: Features

    mutating func assignFeatures() {
        let hasTables = !schema.inputs.isEmpty || !schema.outputs.isEmpty
        let object = hasTables || hints.isComplete ? nil : featureObject
        if hasTables {
            explain("features: columns of the instances")
        } else if hints.isComplete {
            explain("features: those given")
        } else if let object {
            schema.featureObjects = [[object]]
            explain("features: members of \(object)")
        } else {
            explain("features: fields of the record that are nothing else")
        }
        for (index, field) in fields.enumerated() where !taken.contains(index) {
            if hasTables {
                if side(field) == .input {
                    assignFeature(index, name: field.path.suffix(1))
                } else {
                    ignore(field, because: nil)
                }
            } else if hints.isComplete {
                ignore(field, because: nil)
            } else if let object, field.path.first != object {
                ignore(field, because: nil)
            } else if object == nil, field.path.count > 1 {
                ignore(field, because: "it is inside another object")
            } else {
                assignFeature(index, name: (object == nil ? field.path : Array(field.path.dropFirst())))
            }
        }
    }

    /// The key at the top whose members are the features.
    private var featureObject: String? {
        for name in FieldNames.featureObjects {
            for field in fields where field.path.count > 1 && FieldNames.normalised([field.path[0]]) == name {
                return field.path[0]
            }
        }
        return nil
    }

    private mutating func assignFeature(_ index: Int, name path: [String]) {
        let field = fields[index]
        let name = path.joined(separator: ".")
        let isText = !field.isNumeric && field.present > 0
        if field.lists > 0 {
            ignore(field, because: "it holds lists")
        } else if name.isEmpty {
            ignore(field, because: "it has no name")
        } else if isText && field.textBytes > SchemaInference.proseBytes * max(1, field.texts) {
            ignore(field, because: "it is free text")
        } else if field.isNearlyUnique && (isText || field.isQuotedInteger) {
            ignore(field, because: "nearly every value is another, like an identifier")
        } else if field.isNearlyUnique && FieldNames.isIdentifier(FieldNames.normalised([path[path.count - 1]])) {
            ignore(field, because: "it is named and looks like an identifier")
        } else if field.isShared && FieldNames.identifier.contains(FieldNames.normalised([path[path.count - 1]])) {
            ignore(field, because: "it is named like an identifier, and several records share its values")
        } else if schema.signals.count >= EventLimits.signals {
            ignore(field, because: "there are more than \(EventLimits.signals) signals")
        } else if field.present == 0 {
            append(index, name, .feature, .numeric)
            explain("feature \(name) was null in every record and is taken for a number")
        } else {
            append(index, name, .feature, isText || isCode(field) ? .categorical : .numeric)
        }
    }

    /// Numbers written as text, and few different ones: codes rather than quantities.
    private func isCode(_ field: FieldSample) -> Bool {
        field.numericTexts == field.present && field.distinct <= SchemaInference.classLimit
    }

    private mutating func append(
        _ index: Int, _ name: String, _ role: Role, _ kind: SignalKind, scale: Double = 1
    ) {
        let path = fields[index].path
        let said = adjustment(path)
        let (kind, scale) = (said?.kind ?? kind, said?.scale ?? scale)
        let name = role == .feature ? said?.name ?? name : name
        schema.signals.append(Signal(name: name, role: role, kind: kind, path: path, scale: scale))
        let what = role == .feature ? "feature \(name)" : "\(name): \(fields[index].name)"
        explain("\(what), \(kind)")
    }

    private mutating func ignore(_ field: FieldSample, because reason: String?) {
        // A column of a table nobody asks for needs no mention in the plan.
        if side(field) == .record { schema.ignored.append(field.path) }
        explain("ignored: \(field.name)" + (reason.map { ", \($0)" } ?? ""))
    }

    private mutating func explain(_ line: String) { explanation.append(line) }
}

extension SchemaHints.Field.Meaning {
    /// Whether it says which event a record is about, and is not measured.
    var isIdentity: Bool {
        switch self {
        case .timestamp, .id, .model, .version, .status: true
        case .feature, .prediction, .score, .outcome, .latency, .ignore: false
        }
    }
}
