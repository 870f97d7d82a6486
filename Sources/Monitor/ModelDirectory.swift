import Events
import Sketches

/// Finds models by name and version, as bytes of a batch or as text.
struct ModelDirectory {
    /// Keys: the length of the name in two bytes, the name, the version.
    private var keys = CategoryTable(limit: SketchLimits.categories)
    /// Model per key.
    private var slots: [Int] = []
    /// The model that takes what has no room.
    private(set) var other: Int?
    /// Why the last event went there.
    var otherReason = MonitorLimit.models
    /// Room for one key.
    private var key: [UInt8] = []

    /// Bytes of a key at most.
    private static let keyBytes = 2 + 2 * EventLimits.nameBytes

    init() { key.reserveCapacity(Self.keyBytes) }

    /// Number of models but `__other__`.
    var count: Int { slots.count }

    /// Enters a model.
    ///
    /// `false` if it is known.
    @discardableResult
    mutating func register(model: String, version: String, slot: Int) -> Bool {
        guard model != Monitor.otherModel else {
            guard other == nil else { return false }
            other = slot
            return true
        }
        guard keys.insert(Self.key(model: Array(model.utf8), version: Array(version.utf8))) == slots.count else {
            return false
        }
        slots.append(slot)
        return true
    }

    /// The model with this name and version.
    func slot(model: String, version: String) -> Int? {
        guard model != Monitor.otherModel else { return other }
        let key = Self.key(model: Array(model.utf8), version: Array(version.utf8))
        return unsafe key.withUnsafeBytes { unsafe keys.id(of: $0) }.map { slots[$0] }
    }

    /// The model with this name and version in bytes, `nil` for what the schema says; `nil` for one that is not
    /// entered.
    mutating func slot(
        model: UnsafeRawBufferPointer?, version: UnsafeRawBufferPointer?, binding: SchemaBinding
    ) -> Int? {
        let length = unsafe model?.count ?? binding.defaultModel.count
        guard length <= EventLimits.nameBytes, unsafe version?.count ?? 0 <= EventLimits.nameBytes else { return nil }
        key.removeAll(keepingCapacity: true)
        key.append(UInt8(truncatingIfNeeded: length))
        key.append(UInt8(truncatingIfNeeded: length >> 8))
        if let model = unsafe model {
            unsafe key.append(contentsOf: model)
        } else {
            key.append(contentsOf: binding.defaultModel)
        }
        if let version = unsafe version {
            unsafe key.append(contentsOf: version)
        } else {
            key.append(contentsOf: binding.defaultVersion)
        }
        return unsafe key.withUnsafeBytes { unsafe keys.id(of: $0) }.map { slots[$0] }
    }

    private static func key(model: [UInt8], version: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: model.count), UInt8(truncatingIfNeeded: model.count >> 8)] + model + version
    }
}

extension CategoryTable {
    /// Number of a name, given to it now if it is new.
    fileprivate mutating func insert(_ name: [UInt8]) -> Int? {
        unsafe name.withUnsafeBytes { unsafe insert($0) }
    }
}
