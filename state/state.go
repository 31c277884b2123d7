// Package state holds the stores that processors of one's own keep: what stream.Process uses.
//
// For each kind of store there are two nouns: its description, made where the topology is drawn ([KeyValue] returns a
// [KeyValueSpec]), and the task's part of it, which the processor opens ([KeyValueStore]). The kinds are [KeyValue], [Window],
// [WindowDuplicates], [Session], [Versioned] and [LRU]. The description goes to Process through topology.WithStores, which also
// puts all operators that name it into one task:
//
//	seen := state.KeyValue[string, int64]("seen")
//	stream.From(b, orders).Process(func(c *stream.Context[string, Order]) (func(stream.Record[string, Order]) error, error) {
//		store, err := seen.Open(c)
//		if err != nil {
//			return nil, err
//		}
//		return func(r stream.Record[string, Order]) error { ... }, nil
//	}, topology.WithStores(seen))
//
// A description belongs to one topology: make it beside the Process that uses it, not in a package variable. The stores of
// aggregations, tables and joins are not described here; their operators make them.
//
// Stores are transactional with the records: what was written since the last commit is undone if the commit fails.
package state

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/topology"
)

// Task is what stores are opened in: the *stream.Context that a processor is made with.
type Task interface {
	// Task is the task.
	Task() *graph.Context
	// Skip counts the record being processed as dropped.
	Skip(reason string)
}

// build makes a task's part of a store.
type build func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) graph.TaskStore

// described is a new description; draw notes what is wrong with the user's call.
func described(op, kind, name string, retention int64, opts []topology.Option, draw func(c *operator.Call) build) *graph.Store {
	// The topology that the store will be in is not known yet: a graph of its own collects the errors for it.
	c := operator.NewCall(graph.New(name), op, opts)
	if name == "" {
		c.Errorf("a store without a name: name it, since its rows outlive the topology that made it")
	}
	part := draw(c)
	s := c.NewStore(name, kind, retention)
	s.Err = c.G.Err()
	s.Make = func(ctx *graph.Context, s *graph.Store, d db.DB, prefix []byte) (graph.TaskStore, error) {
		return part(ctx, s, d, prefix), nil
	}
	return s
}

// open is the task's part of a store.
func open[S graph.TaskStore](task Task, s *graph.Store) (S, error) {
	if len(s.Nodes) == 0 {
		var none S
		return none, fmt.Errorf("state: no operator names store %q (%s): give Process the option topology.WithStores", s.Name, s.At)
	}
	return graph.OpenStore[S](task.Task(), s)
}

// lasting checks how long a store keeps what has a time.
func lasting(c *operator.Call, what string, d, least time.Duration) {
	if d < least || d%time.Millisecond != 0 {
		c.Errorf("a %s of %v: give whole milliseconds, %d at least", what, d, least.Milliseconds())
	}
}
