package conformance

// tableGroups are the scenarios of tables grouped anew, and aggregates of several streams.
var tableGroups = map[string]scenario{}
