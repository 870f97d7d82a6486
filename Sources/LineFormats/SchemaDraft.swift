import Events

/// A schema on its way from sampled fields: roles by name and type first, features from what is left.
struct SchemaDraft {
    private let fields: [FieldSample]
    private let recordCount: Int
    private(set) var explanation: [String] = []
    var schema = Schema(signals: [])
    private var taken: Set<Int> = []

    init(fields: [FieldSample], recordCount: Int) {
        self.fields = fields
        self.recordCount = recordCount
    }

    // MARK: Roles

    mutating func assignRoles() {
        assignTimestamp()
        if let index = take(FieldNames.identifier, where: { $0.texts + $0.numbers == $0.present && $0.present > 0 }) {
            schema.identifier = fields[index].path
            explain("identifier: \(fields[index].name)")
        }
        if let index = take(FieldNames.model, where: isLabel) {
            schema.model = fields[index].path
            explain("model: \(fields[index].name)")
        }
        if let index = take(FieldNames.version, where: isLabel) {
            schema.version = fields[index].path
            explain("version: \(fields[index].name)")
        }
        if let index = take(FieldNames.status, where: isStatus) {
            schema.status = fields[index].path
            explain("status: \(fields[index].name)")
        }
        assignPredictionAndOutcome()
        if let index = take(FieldNames.score, where: { $0.isNumeric }) {
            append(index, "score", .score, .numeric)
        }
        assignLatency()
    }

    /// The first field that has one of the names, in the order of the names, and passes the test.
    private mutating func take(_ names: [String], where test: (FieldSample) -> Bool) -> Int? {
        for name in names {
            for (index, field) in fields.enumerated()
            where !taken.contains(index) && FieldNames.normalised(field.path) == name && test(field) {
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
        let isTime = { (field: FieldSample) -> Bool in
            field.present > 0
                && (field.times == field.present || (field.isNumeric && Self.timestampUnit(field) != nil))
        }
        if let index = take(FieldNames.timestamp, where: isTime) {
            schema.timestamp = fields[index].path
            if let unit = Self.timestampUnit(fields[index]), fields[index].isNumeric {
                schema.timestampUnit = unit
                explain("timestamp: \(fields[index].name), \(unit) since 1970")
            } else {
                explain("timestamp: \(fields[index].name), RFC 3339")
            }
        } else if let name = FieldNames.timestamp.first(where: { name in
            fields.contains { FieldNames.normalised($0.path) == name && $0.texts > 0 }
        }) {
            explain("no timestamp: \(name) is not RFC 3339 with an offset; events count when they arrive")
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
        let prediction = take(FieldNames.prediction, where: isScalar)
        let outcome = take(FieldNames.outcome, where: isScalar)
        let found = [prediction, outcome].compactMap { $0 }
        let isNamed = found.contains { !fields[$0].isNumeric }
        let kind: SignalKind =
            isNamed || found.allSatisfy { fields[$0].isClassNumber } ? .categorical : .numeric
        if let prediction { append(prediction, "prediction", .prediction, kind) }
        if let outcome { append(outcome, "outcome", .outcome, kind) }
    }

    private mutating func assignLatency() {
        for (index, field) in fields.enumerated() where !taken.contains(index) && field.isNumeric {
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
        let object = featureObject
        if let object {
            schema.featureObjects = [[object]]
            explain("features: members of \(object)")
        } else {
            explain("features: fields of the record that are nothing else")
        }
        for (index, field) in fields.enumerated() where !taken.contains(index) {
            if let object, field.path.first != object {
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
        schema.signals.append(Signal(name: name, role: role, kind: kind, path: path, scale: scale))
        let what = role == .feature ? "feature \(name)" : "\(name): \(fields[index].name)"
        explain("\(what), \(kind)")
    }

    private mutating func ignore(_ field: FieldSample, because reason: String?) {
        schema.ignored.append(field.path)
        explain("ignored: \(field.name)" + (reason.map { ", \($0)" } ?? ""))
    }

    private mutating func explain(_ line: String) { explanation.append(line) }
}
