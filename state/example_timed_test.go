package state_test

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

var (
	clicks   = topology.NewTopic[string, string]("clicks")
	findings = topology.NewTopic[string, string]("findings")
)

// A click that was seen within the last minute is dropped.
func ExampleWindow() {
	b := topology.New("dedup")
	seen := state.Window[string, bool]("seen", 5*time.Minute)
	stream.From(b, clicks).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		clicks, err := seen.Open(c)
		return func(r stream.Record[string, string]) error {
			for _, err := range clicks.Fetch(r.Key, r.Timestamp-60_000, r.Timestamp) {
				return err // there is one
			}
			if err := clicks.Put(r.Key, r.Timestamp, true); err != nil {
				return err
			}
			return c.Forward(r)
		}, err
	}, topology.WithStores(seen)).To(findings)

	d := testkit.Drive(b)
	d.Input(clicks).Pipe("ann", "buy", 1_000)
	d.Input(clicks).Pipe("ann", "buy", 2_000)
	d.Input(clicks).Pipe("ann", "buy", 90_000)
	d.Output(findings).Print()
	// Output:
	// ann -> buy at 1000
	// ann -> buy at 90000
}

// All clicks of one second are kept.
func ExampleWindowDuplicates() {
	b := topology.New("all-of-a-second")
	kept := state.WindowDuplicates[string, string]("kept", time.Hour)
	stream.From(b, clicks).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		clicks, err := kept.Open(c)
		return func(r stream.Record[string, string]) error {
			second := r.Timestamp / 1000 * 1000
			if err := clicks.Add(r.Key, second, r.Value); err != nil {
				return err
			}
			all := ""
			for row, err := range clicks.Fetch(r.Key, second, second) {
				if err != nil {
					return err
				}
				all += row.Value + " "
			}
			r.Value = all
			return c.Forward(r)
		}, err
	}, topology.WithStores(kept)).To(findings)

	d := testkit.Drive(b)
	d.Input(clicks).Pipe("ann", "look", 1_000)
	d.Input(clicks).Pipe("ann", "buy", 1_500)
	fmt.Println(d.Output(findings).Values())
	// Output: [look  look buy ]
}

// A visit goes on while clicks are at most ten seconds apart.
func ExampleSession() {
	b := topology.New("visits")
	visits := state.Session[string, int64]("visits", time.Hour)
	stream.From(b, clicks).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		store, err := visits.Open(c)
		return func(r stream.Record[string, string]) error {
			n, start, end := int64(1), r.Timestamp, r.Timestamp
			for visit, err := range store.Find(r.Key, r.Timestamp-10_000, r.Timestamp+10_000) {
				if err != nil {
					return err
				}
				n, start, end = n+visit.Value, min(start, visit.Key.Start), max(end, visit.Key.End)
				if err := store.Remove(r.Key, visit.Key.Start, visit.Key.End); err != nil {
					return err
				}
			}
			r.Value = fmt.Sprintf("%d clicks in %d ms", n, end-start)
			if err := store.Put(r.Key, start, end, n); err != nil {
				return err
			}
			return c.Forward(r)
		}, err
	}, topology.WithStores(visits)).To(findings)

	d := testkit.Drive(b)
	d.Input(clicks).Pipe("ann", "look", 1_000)
	d.Input(clicks).Pipe("ann", "buy", 8_000)
	d.Output(findings).Print()
	// Output:
	// ann -> 1 clicks in 0 ms at 1000
	// ann -> 2 clicks in 7000 ms at 8000
}

// What was clicked a second before?
func ExampleVersioned() {
	b := topology.New("before")
	last := state.Versioned[string, string]("last", time.Hour)
	stream.From(b, clicks).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		store, err := last.Open(c)
		return func(r stream.Record[string, string]) error {
			if _, err := store.Put(r.Key, r.Value, r.Timestamp); err != nil {
				return err
			}
			before, ok, err := store.GetAt(r.Key, r.Timestamp-1000)
			if err != nil || !ok {
				return err
			}
			r.Value = before.Value + ", then " + r.Value
			return c.Forward(r)
		}, err
	}, topology.WithStores(last)).To(findings)

	d := testkit.Drive(b)
	d.Input(clicks).Pipe("ann", "buy", 5_000)
	d.Input(clicks).Pipe("ann", "look", 1_000) // late
	d.Input(clicks).Pipe("ann", "leave", 5_500)
	d.Output(findings).Print()
	// Output: ann -> look, then leave at 5500
}

// Only the two users who were active last are remembered.
func ExampleLRU() {
	b := topology.New("active")
	active := state.LRU[string, int64]("active", 2)
	stream.From(b, clicks).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		store, err := active.Open(c)
		return func(r stream.Record[string, string]) error {
			n, _, err := store.Get(r.Key)
			if err != nil {
				return err
			}
			r.Value = fmt.Sprint(n + 1)
			if err := store.Put(r.Key, n+1); err != nil {
				return err
			}
			return c.Forward(r)
		}, err
	}, topology.WithStores(active)).To(findings)

	d := testkit.Drive(b)
	for i, user := range []string{"ann", "bob", "ann", "cid", "ann", "bob"} {
		d.Input(clicks).Pipe(user, "click", int64(i))
	}
	fmt.Println(d.Output(findings).Values())
	// Output: [1 1 2 1 3 1]
}
