package conformance

// suppressions are the scenarios of tables whose changes are held back.
var suppressions = map[string]scenario{}
