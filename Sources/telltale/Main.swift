/// Placeholder: replaced by the command line of `Daemon`.
@main struct Main { static func main() {} }
