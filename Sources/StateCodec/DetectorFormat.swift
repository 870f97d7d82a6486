import Monitor
import Sketches
import Statistics

// Classical detectors. One whose numbers cannot be its own begins anew.

extension StateWriter {
    mutating func watch(_ watch: DetectorWatch) {
        byte(watch.setting.kind.rawValue)
        text(watch.setting.signal)
        optional(watch.setting.model) { $0.text($1) }
        number(watch.setting.runLength)
        list(watch.detector.state) { $0.number($1) }
        optional(watch.scale) { writer, scale in
            writer.number(scale.mean)
            writer.number(scale.deviation)
        }
        moments(watch.learning)
        count(watch.alarms)
    }
}

extension StateReader {
    /// Most detectors of a model.
    private static let detectorLimit = 64

    mutating func watches() throws(StateError) -> [DetectorWatch] {
        let count = try count(upTo: Self.detectorLimit, "detectors")
        var watches: [DetectorWatch] = []
        for _ in 0..<count { watches.append(try watch()) }
        return watches
    }

    private mutating func watch() throws(StateError) -> DetectorWatch {
        let kind: DetectorKind = try choice("detector")
        let signal = try text()
        let model = try optional { (reader) throws(StateError) in try reader.text() }
        let runLength = try finite("a run length")
        guard DetectorSetting.runLengths.contains(runLength) else { throw .malformed("an impossible run length") }
        var watch = DetectorWatch(DetectorSetting(kind: kind, signal: signal, model: model, runLength: runLength))
        let state = try list("numbers of a detector", size: 8) { (reader) throws(StateError) in try reader.number() }
        let scale = try optional { (reader) throws(StateError) in
            (mean: try reader.finite("a mean"), deviation: try reader.finite("a deviation"))
        }
        let learning = try moments()
        let alarms = try count()
        if !watch.restore(state: state, scale: scale, learning: learning, alarms: alarms) { watch.alarms = alarms }
        return watch
    }
}
