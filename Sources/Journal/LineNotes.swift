import JSONScan

/// What is kept from one line of a buffer to the next, so that each costs less.
///
/// Points into the buffer that the lines are of; lives no longer than that.
struct LineNotes {
    var streams = StreamNames()
    var quotes = QuotePlaces()
}
