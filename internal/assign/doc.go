// Package assign decides which member of an application's group runs which task, and which instances keep copies of a
// task's state.
//
// It has four nouns. A [Member] is a process that has announced itself; a [Task] is what one of them runs; a [Group] is
// both, as the leader sees them now; an [Assignment] is a published, numbered answer. [Next] makes the next answer from
// the last one. The leader calls it whenever the group has changed and publishes what it gives:
//
//	next, changed := assign.Next(last, group, assign.Config{Standbys: 1})
//	if changed {
//		publish(next)
//	}
//
// The package is pure: no clock, no I/O, no randomness. All that it knows of the past is in the last assignment, so a new
// leader goes on where the old one stopped.
//
// INVARIANT: a task is granted to a member only if every other member id that was ever granted it has left the group (the
// coordinator refuses its commits for ever), or has acknowledged the version that took the task away and says that it
// no longer holds it. A task on its way is therefore granted to nobody, and its [Grant] names the one it waits for.
//
// It follows Kafka Streams' KIP-441 in what it wants (availability before balance, balance through warm-up copies), and
// differs in how: there is no rebalance that stops all; an assignment changes task by task, and what does not move is
// not mentioned to anybody.
//
// It is not a partition assignor: it knows no topics, and members neither vote nor poll it.
package assign
