package conformance

// moreTableJoins are the scenarios of left and outer joins of tables, and joins with global tables.
var moreTableJoins = map[string]scenario{}
