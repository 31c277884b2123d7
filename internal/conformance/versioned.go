package conformance

// versioned are the scenarios of tables that keep their rows' history.
var versioned = map[string]scenario{}
