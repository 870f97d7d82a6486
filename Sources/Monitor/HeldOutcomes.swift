import Events
public import Sketches

/// An outcome that came in a record of its own.
public struct HeldOutcome: WaitingElement, Equatable {
    /// Hash of the identifier of its prediction.
    public var id: UInt64
    /// When it became known, in nanoseconds since the epoch, within `EventClock.range`.
    public var time: Int64
    /// The outcome as a number; NaN if it is none.
    public var number: Double
    /// The outcome as a name, by its number in `HeldOutcomes.names`; -1 if the number says it all, or for want of room.
    public var name: Int32
    /// The model that the record or its source names, by its number in `HeldOutcomes.models`.
    public var model: Int32
    /// The first model whose prediction it met, as numbered by the monitor; -1 while there is none.
    public var met: Int32 = -1
    /// When it came, in seconds since the epoch.
    public var arrival: UInt32
    /// Outcomes that said the same before it met its prediction.
    public var duplicates: UInt16 = 0
    /// Outcomes that said something else before it met its prediction.
    public var corrections: UInt16 = 0
    /// Whether it is the outcome of predictions of that model only.
    public var isScoped: Bool

    /// Creates an outcome that has met no prediction.
    public init(
        id: UInt64, time: Int64, number: Double, name: Int32, model: Int32, arrival: UInt32, isScoped: Bool
    ) {
        (self.id, self.time, self.number, self.name) = (id, time, number, name)
        (self.model, self.arrival, self.isScoped) = (model, arrival, isScoped)
    }

    /// Whether both say the same.
    func agrees(with other: HeldOutcome) -> Bool {
        name == other.name && (number == other.number || number.isNaN && other.number.isNaN)
    }
}

/// Outcomes that came in records of their own: those that wait for their prediction, and those that have met it, which
/// are remembered so that none counts twice.
public struct HeldOutcomes: Sendable {
    /// Most different names of outcomes that are told apart while they are held.
    public static let nameLimit = 1_000
    /// Most different names of models.
    public static let modelLimit = 1_000

    /// The outcomes, in the order in which they came.
    public internal(set) var table = WaitingTable<HeldOutcome>()
    /// Names of outcomes.
    public internal(set) var names = CategoryTable(limit: HeldOutcomes.nameLimit)
    /// Names of models.
    public internal(set) var models = CategoryTable(limit: HeldOutcomes.modelLimit)

    /// Creates an empty memory.
    public init() {}

    /// Restores a memory; `nil` if an outcome names what is not listed, or comes twice.
    public init?(outcomes: [HeldOutcome], names: [String], models: [String]) {
        guard let nameTable = CategoryTable(names: names, limit: Self.nameLimit), nameTable.count == names.count,
            let modelTable = CategoryTable(names: models, limit: Self.modelLimit), modelTable.count == models.count,
            outcomes.count <= JoinSetting.pendingLimit
        else { return nil }
        (self.names, self.models) = (nameTable, modelTable)
        var newest: UInt32 = 0
        for outcome in outcomes {
            guard outcome.id != 0, outcome.arrival >= newest, (-1..<Int32(names.count)).contains(outcome.name),
                (0..<Int32(models.count)).contains(outcome.model), outcome.met >= -1, !outcome.number.isInfinite,
                EventClock.range.contains(outcome.time),
                place(of: outcome.id, model: outcome.model, isScoped: outcome.isScoped) == nil
            else { return nil }
            newest = outcome.arrival
            table.insert(outcome)
        }
    }

    /// Place of the outcome with this identifier and scope.
    func place(of id: UInt64, model: Int32, isScoped: Bool) -> Int? {
        table.place(of: id) { $0.isScoped == isScoped && (!isScoped || $0.model == model) }
    }

    /// Place of the outcome of a model's prediction.
    func place(of id: UInt64, predictedBy model: String) -> Int? {
        table.place(of: id) { !$0.isScoped || self.model($0) == model }
    }

    /// Name of the model that an outcome is booked on.
    func model(_ outcome: HeldOutcome) -> String {
        String(decoding: models.nameBytes(of: Int(outcome.model)), as: UTF8.self)
    }

    /// Forgets the names that nothing uses any more, once that is sure.
    mutating func forgetNames() {
        guard table.count == 0, names.count + models.count > 0 else { return }
        names = CategoryTable(limit: Self.nameLimit)
        models = CategoryTable(limit: Self.modelLimit)
    }
}
