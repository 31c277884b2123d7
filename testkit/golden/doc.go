// Package golden keeps what a topology does, and what it looks like, in files beside its test: [Scripts] runs scripts of
// records in and records out over the testkit, [Topology] compares a topology's description. With -rewrite both write the
// files anew; read the difference before you commit it.
//
//	func TestScripts(t *testing.T) {
//		golden.Scripts(t, "testdata/*.txt", topo, golden.Topic(words), golden.Topic(counts), golden.Rows[string, int64]("counts"))
//	}
//
//	go test . -run TestScripts -rewrite
//
// A script is a list of commands, each with what comes of it below four dashes (github.com/cockroachdb/datadriven describes
// the format):
//
//	# Two words, one of them twice.
//	pipe words
//	a -> to be to at 5
//	----
//	counts: to -> 1 at 5
//	counts: be -> 1 at 5
//	counts: to -> 2 at 5
//
//	store counts
//	----
//	be = 1 at 5
//	to = 2 at 5
//
// The commands:
//
//	new [partitions=N] [topic=(NAME, N)] [commit-every=N] [single-task] [skip-errors] [start=MS]
//		starts anew, with options of the testkit; without it the script starts with none
//	pipe TOPIC [partition=N]
//		pipes the records of the lines below; prints what they lead to
//	advance DURATION
//		moves the wall clock; prints what that leads to
//	commit
//		commits; prints what that leads to
//	interrupt abort|crash|loss [after=N]
//		takes back, and does again, what a task does before its next commit, or before the one N commits later
//	restart abort|crash|loss
//		does so with all tasks now
//	store NAME
//		prints the store's rows
//	skips
//		prints the records that were dropped, and why
//	describe
//		prints the topology
//
// A record reads KEY -> VALUE at MILLISECONDS, then headers as name=value. Keys and values are null, text (in double quotes where
// it has spaces or signs), or JSON. Without "at" a record is as old as the one before it in the script. A failure is printed as
// what the command led to.
package golden
