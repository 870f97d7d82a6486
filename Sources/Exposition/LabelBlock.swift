/// Labels that many series share, escaped once: `model="fraud",version="3"`.
///
/// A place in the writer that made it; good until that writer is cleared. In another writer it stands for other labels
/// or for none, never for memory that is not the writer's.
public struct LabelBlock: Sendable, Equatable {
    let offset: Int
    let count: Int

    /// No labels.
    public static let empty = LabelBlock(offset: 0, count: 0)
}
