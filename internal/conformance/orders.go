package conformance

// moreComposites are the scenarios of whole pipelines.
var moreComposites = map[string]scenario{}
