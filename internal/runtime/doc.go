// Package runtime runs a topology on a Kafka cluster, through the seam of package transport.
//
// Its nouns: a task (package engine) is one sub-topology for one partition. The [Runtime] learns from the group which
// tasks this instance owns and spreads them over workers. A worker is a goroutine with a fetcher and a producer of its
// own; it feeds its tasks, and commits them together. Opening a task, which may mean to restore its stores, goes on
// beside the workers. Nothing here is exported to users: package millrace is.
//
// Who may do what: the group's callback only records what is owned (ownership); the supervisor (Run) opens tasks and
// hands them to workers; a worker alone touches its tasks, and closes them. At the commit a worker reads the group's
// generation under ownership's lock, after a check that its tasks were owned without a break since it got them, so a
// fresh generation never blesses the work of an old one.
package runtime
