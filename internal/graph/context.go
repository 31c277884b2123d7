package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Context is a task, as its operators see it. The engine owns it; it is used by one goroutine at a time.
type Context struct {
	TaskPartition int32
	// The record being processed. Topic is "" in a punctuator.
	Topic     string
	Partition int32
	Offset    int64
	Headers   []Header
	// StreamTime is the highest timestamp that the task has processed, -1 at first; WallTime is the driver's clock.
	StreamTime int64
	WallTime   int64
	// Mutated is set when a store or an operator's memory changes: a record that fails after that cannot just be skipped.
	Mutated bool

	// Held is the record that was held back and is forwarded now: see LetGo.
	Held *Held

	// Fault is set when something beneath the operators fails, the driver or a DB: no record is to blame for it, whatever a
	// callback makes of the error that it was given.
	Fault error

	// Told is set while a table's rows are opened to be joined with another table's changes: those of a store that emits on
	// commit are then looked up as they were last told of. Changes of both sides between two commits thus act one after the
	// other, and no result is made, or left, of a row that the other side has yet to hear of.
	Told bool

	// RoundTrip makes operators pass values through their serdes at every edge that knows one (testkit).
	RoundTrip bool

	StdFunc      func() context.Context
	EmitFunc     func(*Effect) error
	CountFunc    func(topic *Topic) (partitions int32, err error)
	SkipFunc     func(n *Node, reason string)
	DroppedFunc  func(h *Held) (bool, error) // whether the error policy dropped it; nil: it did not
	StoreFunc    func(s *Store) (TaskStore, error)
	TopicFunc    func(name string) *Topic
	ScheduleFunc func(n *Node, p *Punctuation)
	OnCommits    []CommitCall
	Vars         []Var
}

// Var is a number that an operator keeps between records; it is part of the task's checkpoint and rolled back with it.
type Var struct {
	Name string
	P    *int64
}

// Std is the context of the driver's current call.
func (c *Context) Std() context.Context {
	if c.StdFunc == nil {
		return context.Background()
	}
	return c.StdFunc()
}

// Schedule adds a punctuation of the node.
func (c *Context) Schedule(n *Node, p *Punctuation) { c.ScheduleFunc(n, p) }

// Var makes p part of the checkpoint. Names are unique in a task.
func (c *Context) Var(name string, p *int64) { c.Vars = append(c.Vars, Var{name, p}) }

// Emit hands an effect to the driver.
func (c *Context) Emit(e *Effect) error { return c.EmitFunc(e) }

// Partitions is how many partitions the topic has; 0 if the driver does not know.
func (c *Context) Partitions(t *Topic) (int32, error) { return c.CountFunc(t) }

// Skip counts a record that an operator dropped, and has it logged.
func (c *Context) Skip(n *Node, reason string) { c.SkipFunc(n, reason) }

// CommitCall is what a node does at each commit.
type CommitCall struct {
	Node *Node
	Call func() error
}

// OnCommit has f called at each commit before the changelogs are written. A node's call comes before those of the nodes
// after it: what it forwards into their stores goes out with the same commit.
func (c *Context) OnCommit(n *Node, f func() error) {
	c.OnCommits = append(c.OnCommits, CommitCall{n, f})
	slices.SortStableFunc(c.OnCommits, func(a, b CommitCall) int { return cmp.Compare(a.Node.ID, b.Node.ID) })
}

// OpenStore returns the task's part of s as S.
func OpenStore[S TaskStore](c *Context, s *Store) (S, error) {
	ts, err := c.StoreFunc(s)
	if err != nil {
		var none S
		return none, err
	}
	typed, ok := ts.(S)
	if !ok {
		return typed, fmt.Errorf("graph: store %q is a %T, not a %T: it was made with other types", s.Name, ts, typed)
	}
	return typed, nil
}

// Clock says which time drives a punctuation.
type Clock uint8

// The clocks of punctuations.
const (
	StreamClock Clock = iota
	WallClock
)

// Punctuation calls back at intervals.
type Punctuation struct {
	Clock    Clock
	Interval int64
	Start    *int64 // it is due at Start and whole intervals after it; nil: from when it is made
	Next     int64  // when it is due; the engine's
	Call     func(now int64) error
	Cancel   bool
}

// After is when a punctuation with a Start is due first after a time (KIP-1146).
func (p *Punctuation) After(now int64) int64 {
	if *p.Start > now {
		return *p.Start
	}
	return *p.Start + p.Interval*((now-*p.Start)/p.Interval+1)
}

// DecodeError is a record whose key or value its serde refused.
type DecodeError struct {
	Part string // "key" or "value"
	Err  error
}

func (e *DecodeError) Error() string {
	return "the " + e.Part + " does not decode (" + e.Err.Error() + "): give the topic the serde that its records are written with"
}
func (e *DecodeError) Unwrap() error { return e.Err }

// RejectedError is what a driver's Emit returns for a record that the log will never take, such as one that is too large.
// Nothing else is wrong then.
type RejectedError struct{ Err error }

func (e *RejectedError) Error() string { return e.Err.Error() }
func (e *RejectedError) Unwrap() error { return e.Err }

// UserError is an error that a callback of the user's returned.
type UserError struct {
	Node *Node
	Err  error
}

func (e *UserError) Error() string { return e.Node.Name + " (" + e.Node.At + "): " + e.Err.Error() }
func (e *UserError) Unwrap() error { return e.Err }

// ErrUnknownTopic says that the driver does not know a topic that a record was sent to.
var ErrUnknownTopic = errors.New("unknown topic: create it first")
