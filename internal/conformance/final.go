package conformance

// moreWindows are the scenarios of sliding and unlimited windows, and windows that are forwarded once they are closed.
var moreWindows = map[string]scenario{}
