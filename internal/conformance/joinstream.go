package conformance

// streamJoins are the scenarios of joins of two streams.
var streamJoins = map[string]scenario{}
