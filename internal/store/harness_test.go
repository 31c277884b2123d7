package store_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/db/pebbledb"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
)

var (
	seedFlag = flag.Uint64("seed", 0, "repeat the run of the property tests with this seed")
	long     = flag.Bool("long", false, "run the property tests two hundred times")
)

// disks are the DBs that stores are tested on.
var disks = map[string]func(t *testing.T) db.DB{
	"memory": func(*testing.T) db.DB { return memdb.New() },
	"pebble": func(t *testing.T) db.DB {
		t.Helper()
		cache := pebbledb.NewCache(4 << 20)
		t.Cleanup(cache.Close)
		d, err := pebbledb.Open("db", pebbledb.Options{Cache: cache, FS: vfs.NewMem()})
		noError(t, err)
		t.Cleanup(func() { noError(t, d.Close()) })
		return d
	},
}

// property runs a test on each DB for a few seeds: some that never change, some that always do.
func property(t *testing.T, test func(t *testing.T, rng *rand.Rand, open func(t *testing.T) db.DB)) {
	t.Helper()
	seeds := []uint64{1, 2, rand.Uint64()}
	if *long {
		for range 197 {
			seeds = append(seeds, rand.Uint64())
		}
	}
	if *seedFlag != 0 {
		seeds = []uint64{*seedFlag}
	}
	for disk, open := range disks {
		for _, seed := range seeds {
			t.Run(fmt.Sprintf("%s/-seed=%d", disk, seed), func(t *testing.T) {
				t.Parallel()
				test(t, rand.New(rand.NewPCG(seed, 1)), open)
			})
		}
	}
}

// logged is a changelog record.
type logged struct {
	key, value []byte
	ts         int64
}

// part is a store's part of a task as the engine sees it, with the log of its changes.
type part struct {
	t      *testing.T
	spec   *graph.Store
	d      db.DB
	ctx    *graph.Context
	ts     graph.TaskStore
	make   func(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore
	vars   []int64 // as of the last commit
	log    []logged
	logged map[string]bool // keys whose last record in the log is not a delete
}

// prefix is what the stores under test have before their keys; rows of other stores lie around it.
var prefix = []byte{0, 7}

func newPart(t *testing.T, spec *graph.Store, d db.DB, make func(c *graph.Context, s *graph.Store, d db.DB) graph.TaskStore) *part {
	t.Helper()
	p := &part{t: t, spec: spec, d: d, make: make, logged: map[string]bool{}}
	b := d.Batch()
	noError(t, b.Set([]byte{0, 6, 0xff}, []byte("before")))
	noError(t, b.Set([]byte{0, 8}, []byte("after")))
	noError(t, b.Commit())
	p.reopen()
	return p
}

// reopen makes the store anew over what the DB holds, as after a restart.
func (p *part) reopen() {
	p.ctx = &graph.Context{StreamTime: -1}
	p.ts = p.make(p.ctx, p.spec, p.d)
	p.loadVars()
	p.saveVars()
}

// saveVars notes the numbers that an abort goes back to.
func (p *part) saveVars() {
	p.vars = p.vars[:0]
	for _, v := range p.ctx.Vars {
		p.vars = append(p.vars, *v.P)
	}
}

func (p *part) loadVars() {
	for i, x := range p.vars {
		*p.ctx.Vars[i].P = x
	}
}

// commit writes the changes to the log and to the DB.
func (p *part) commit() {
	p.t.Helper()
	changes := p.prepare()
	b := p.d.Batch()
	noError(p.t, p.ts.Apply(b))
	noError(p.t, b.Commit())
	p.log = append(p.log, changes...)
	for _, c := range changes {
		p.logged[string(c.key)] = c.value != nil
	}
	p.saveVars()
	if n := p.ts.Dirty(); n != 0 {
		p.t.Fatalf("%d bytes are dirty after a commit", n)
	}
}

// prepare returns the changelog records of the uncommitted changes and checks their rules.
func (p *part) prepare() []logged {
	p.t.Helper()
	var changes []logged
	deletes := false
	seen := map[string]bool{}
	noError(p.t, p.ts.Log(func(key, value []byte, ts int64) error {
		switch {
		case key == nil:
			p.t.Fatal("a changelog record has a null key: a compacted topic refuses it")
		case seen[string(key)]:
			p.t.Fatalf("key %q is logged twice in one commit", key)
		case value != nil && deletes:
			p.t.Fatal("a put comes after a delete in the changelog")
		}
		if value == nil && !p.logged[string(key)] {
			p.t.Fatalf("key %q is logged as deleted, and is not in the changelog", key)
		}
		seen[string(key)], deletes = true, value == nil
		changes = append(changes, logged{slices.Clone(key), slices.Clone(value), ts})
		return nil
	}))
	return changes
}

func (p *part) abort() {
	p.ts.Abort()
	p.loadVars()
}

// restored is a store made of nothing but the changelog.
func (p *part) restored(d db.DB) *part {
	p.t.Helper()
	r := newPart(p.t, p.spec, d, p.make)
	for from := 0; from < len(p.log); from += 7 {
		b := d.Batch()
		for _, c := range p.log[from:min(len(p.log), from+7)] {
			noError(p.t, r.ts.Restore(b, c.key, c.value, c.ts))
		}
		noError(p.t, b.Commit())
	}
	r.vars = p.vars
	r.loadVars()
	return r
}

// neighbours checks that the rows of other stores are as they were.
func (p *part) neighbours() {
	p.t.Helper()
	for key, want := range map[string]string{"\x00\x06\xff": "before", "\x00\x08": "after"} {
		if v, ok, err := p.d.Get([]byte(key)); err != nil || !ok || string(v) != want {
			p.t.Fatalf("the row of another store is %q, %v, %v, want %q", v, ok, err, want)
		}
	}
}

// list is a value with a pointer in it, so that who owns it matters.
type list struct{ N []int64 }

func (l *list) String() string {
	if l == nil {
		return "none"
	}
	return fmt.Sprint(l.N)
}

func lists() serde.Serde[*list] { return serde.MsgPack[*list]() }

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shortKey is of few letters, so that keys meet, are prefixes of each other, and are empty.
func shortKey(rng *rand.Rand) string {
	k := make([]byte, rng.IntN(3))
	for i := range k {
		k[i] = "\x00ab\x7f"[rng.IntN(4)]
	}
	return string(k)
}
