package metamorphic

import (
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/pebbledb"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/testkit/internal/catch"
	"github.com/millrace-go/millrace/topology"
)

// outcome is what came of a run.
type outcome struct {
	produced []string
	rows     []string
	restored []string // rows once all disks were lost
	dropped  int64
	replays  int
	failure  string
}

// variant is a way to run that ought not to matter.
type variant struct {
	name        string
	interrupted bool // does the steps that interrupt
	onDisk      bool
	roundTrip   bool // runs a second time, with serdes
	every       int  // commits after so many records
}

// variants to compare with plain, an undisturbed run in memory, for a case whose topology is topo.
func variants(topo *topology.Topology, plain outcome) []variant {
	all := []variant{
		{name: "on disk", onDisk: true, every: 1},
		{name: "with interruptions", interrupted: true, every: 1},
		{name: "with interruptions, on disk", interrupted: true, onDisk: true, every: 1},
	}
	// A store that emits on commit is to give something else when commits are seldom, and a record that fails halfway is taken back
	// by the testkit only alone.
	if plain.replays == 0 && !slices.ContainsFunc(topo.Graph().Stores, func(s *graph.Store) bool { return s.EmitOnCommit }) {
		all = append(all, variant{name: "with a commit after each 7 records", every: 7})
	}
	return all
}

// failure is how a case fails; the zero failure is none.
type failure struct {
	kind kind
	text string
}

type kind uint8

const (
	unbuilt kind = iota + 1 // the topology is none
	broken                  // the undisturbed run fails
	differs                 // a variant differs from it
)

// check runs a case in all ways and tells the first difference.
func (c *Case) check() failure {
	topo, err := c.build()
	if err != nil {
		return failure{unbuilt, fmt.Sprintf("the topology cannot be built: %v", err)}
	}
	plain := c.run(variant{every: 1, roundTrip: true})
	if plain.failure != "" {
		return failure{broken, plain.failure}
	}
	if diff := cmp.Diff(plain.rows, plain.restored); diff != "" {
		return failure{differs, "rows that are restored from changelogs differ (-rows +restored):\n" + diff}
	}
	for _, v := range variants(topo, plain) {
		if text := plain.compare(c.run(v)); text != "" {
			return failure{differs, v.name + ": " + text}
		}
	}
	return failure{}
}

// compare tells in what a variant differs.
func (plain outcome) compare(got outcome) string {
	switch {
	case got.failure != "":
		return got.failure
	case !slices.Equal(plain.produced, got.produced):
		return "outputs differ (-plain +variant):\n" + cmp.Diff(plain.produced, got.produced)
	case got.rows != nil && !slices.Equal(plain.rows, got.rows):
		return "rows differ (-plain +variant):\n" + cmp.Diff(plain.rows, got.rows)
	case !slices.Equal(got.rows, got.restored):
		return "rows that are restored from changelogs differ (-rows +restored):\n" + cmp.Diff(got.rows, got.restored)
	case plain.dropped != got.dropped:
		return fmt.Sprintf("%d records are dropped, and %d without", got.dropped, plain.dropped)
	}
	return ""
}

func (c *Case) build() (*topology.Topology, error) {
	return c.Build(func(part string) bool { return slices.Contains(c.Parts, part) })
}

// run goes through the steps in one way, over a topology of its own: callbacks of another's may have remembered something.
func (c *Case) run(v variant) (o outcome) {
	t := &catch.TB{}
	disks := &disks{}
	defer disks.close()
	topo, err := c.build()
	if err != nil {
		return outcome{failure: err.Error()}
	}
	opts := append(slices.Clone(c.Options), testkit.CommitEvery(v.every))
	if v.onDisk {
		opts = append(opts, testkit.Disk(disks.open))
	}
	if !v.roundTrip {
		opts = append(opts, testkit.Once())
	}
	o.failure = t.Catch(func() {
		d := testkit.New(t, topo, opts...)
		for _, s := range c.Steps {
			if s.interrupt && !v.interrupted || s.topic != "" && !reads(topo, s.topic) {
				continue
			}
			s.do(d)
		}
		d.Commit()
		for _, p := range d.Produced() {
			o.produced = append(o.produced, p.String())
		}
		o.dropped, o.replays = d.Dropped(), d.Replays()
		if v.every > 1 { // an index may lack what came and went between two commits
			return
		}
		o.rows = d.Dump()
		o.restored = o.rows
		if durable(topo) {
			d.Restart(testkit.Loss)
			o.restored = d.Dump()
		}
	})
	if o.failure == "" && v.roundTrip {
		o.failure = t.Finish()
	}
	return o
}

// durable reports whether all stores have a changelog: without one, rows are lost with the disk, as they are meant to be.
func durable(topo *topology.Topology) bool {
	return !slices.ContainsFunc(topo.Graph().Stores, func(s *graph.Store) bool { return s.NoLog })
}

func reads(topo *topology.Topology, topic string) bool {
	g := topo.Graph()
	return slices.ContainsFunc(g.Topics, func(t *graph.Topic) bool { return t.Name == topic && t.Role == graph.UserTopic && len(t.Readers) > 0 }) ||
		slices.ContainsFunc(g.Globals, func(x *graph.Global) bool { return x.Topic.Name == topic })
}

// disks are Pebbles in memory.
type disks struct{ all []func() }

func (x *disks) open() (db.DB, error) {
	cache := pebbledb.NewCache(1 << 20)
	d, err := pebbledb.Open("db", pebbledb.Options{Cache: cache, FS: vfs.NewMem()})
	if err != nil {
		cache.Close()
		return nil, err
	}
	x.all = append(x.all, func() {
		_ = d.Close() // there is nothing to keep
		cache.Close()
	})
	return d, nil
}

func (x *disks) close() {
	for _, f := range x.all {
		f()
	}
}
