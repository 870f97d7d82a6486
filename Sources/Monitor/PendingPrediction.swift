import Events

/// What is needed of a prediction once its outcome comes.
public struct PendingPrediction: WaitingElement, Equatable {
    /// Hash of its identifier.
    public var id: UInt64
    /// Event time in nanoseconds since the epoch, within `EventClock.range`.
    public var time: Int64
    /// The predicted number; 0 if a class was predicted.
    public var number: Double
    /// The predicted class as the model numbers it, 0 for one beyond the limit; -1 if a number was predicted.
    public var predicted: Int32
    /// When it came, in seconds since the epoch.
    public var arrival: UInt32

    /// Creates a pending prediction.
    public init(id: UInt64, time: Int64, number: Double, predicted: Int32, arrival: UInt32) {
        (self.id, self.time, self.number) = (id, time, number)
        (self.predicted, self.arrival) = (predicted, arrival)
    }
}

extension WaitingTable<PendingPrediction> {
    /// Restores predictions, oldest first; `nil` if one comes twice, is too many, or could not have been waiting.
    public init?(pending: [PendingPrediction]) {
        self.init()
        guard pending.count <= JoinSetting.pendingLimit else { return nil }
        for prediction in pending {
            guard prediction.id != 0, place(of: prediction.id) == nil, prediction.number.isFinite,
                prediction.arrival >= newest?.arrival ?? 0, EventClock.range.contains(prediction.time)
            else { return nil }
            insert(prediction)
        }
    }
}

/// Predictions and outcomes of one model by what became of them, but for those that met.
public struct OutcomeTotals: Sendable, Equatable {
    /// Outcomes whose prediction did not come.
    public var orphans: UInt64 = 0
    /// Predictions whose outcome did not come in time.
    public var expired: UInt64 = 0
    /// Predictions that had to make room for newer ones.
    public var evicted: UInt64 = 0
    /// Outcomes that say again what an earlier one said.
    public var duplicates: UInt64 = 0
    /// Outcomes that contradict an earlier one, which stands.
    public var corrections: UInt64 = 0
    /// Outcomes that met a prediction of another type: a name for a number.
    public var incomparable: UInt64 = 0

    /// Creates empty totals.
    public init() {}
}

/// How long predictions and outcomes wait for each other.
public struct JoinSetting: Sendable, Equatable {
    /// Most that may be configured.
    public static let pendingLimit = 1_000_000

    /// Predictions that wait, over all models, and outcomes that are remembered.
    ///
    /// When there is no room, the model with the most of them gives up its oldest. 0 switches joining off.
    public var pending = 50_000
    /// How long each waits, in seconds.
    public var seconds: Int64 = 7 * 86_400

    /// The defaults.
    public init() {}
}

extension ModelState {
    /// Lets a prediction wait; `false` if one with its identifier does.
    ///
    /// An identifier names one prediction of a model: the first stands.
    mutating func letWait(_ prediction: PendingPrediction) -> Bool {
        guard pending.place(of: prediction.id) == nil else { return false }
        pending.insert(prediction)
        return true
    }

    /// Makes predictions of classes beyond a number ones of no class that is listed.
    mutating func forgetPendingClasses(beyond listed: Int) {
        let waiting = pending.inOrder
        guard waiting.contains(where: { $0.predicted > listed }) else { return }
        pending = WaitingTable()
        for var prediction in waiting {
            if prediction.predicted > listed { prediction.predicted = 0 }
            pending.insert(prediction)
        }
    }

    /// Gives up the oldest prediction for want of room.
    mutating func evictPending() {
        if pending.removeOldest() != nil { outcomes.evicted &+= 1 }
    }

    /// Gives up predictions that came before `arrival`; true if there were any.
    mutating func expirePending(before arrival: UInt32) -> Bool {
        let before = outcomes.expired
        while pending.removeOldest(before: arrival) != nil { outcomes.expired &+= 1 }
        return outcomes.expired != before
    }
}
