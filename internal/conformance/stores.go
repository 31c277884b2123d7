package conformance

// moreStores are the scenarios of processors with windows, sessions and versioned rows.
var moreStores = map[string]scenario{}
