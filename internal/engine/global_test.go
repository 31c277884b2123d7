package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// priced joins the topic's records with a global table by their value.
func priced() (*topology.Builder, *graph.Global) {
	b := topology.New("priced")
	prices := table.FromGlobal(b, topology.NewTopic[string, int64]("prices"), topology.As("by-article"))
	stream.From(b, left).
		LeftJoinGlobal(prices, func(_, article string) string { return article }, func(article string, price int64, ok bool) string {
			return fmt.Sprint(article, " ", price, " ", ok)
		}).
		To(topology.NewTopic[string, string]("out"))
	return b, b.Graph().Globals[0]
}

// price is a record of the global table's topic; a negative one deletes.
func price(offset int64, article string, n int8) graph.Raw {
	r := graph.Raw{Key: []byte(article), Timestamp: 1, Offset: offset, Value: []byte{0, 0, 0, 0, 0, 0, 0, byte(n)}}
	if n < 0 {
		r.Value = nil
	}
	return r
}

// A task sees each row that was applied before its record, whatever it remembers from before; an abort changes none.
func TestTasksSeeGlobalTables(t *testing.T) {
	t.Parallel()
	b, x := priced()
	g, err := engine.NewGlobals(engine.GlobalsConfig{Graph: b.Graph(), Disk: db.Shared(memdb.New())})
	noError(t, err)
	r := newRig(t, b, engine.Config{Globals: g})
	var want []string
	for i, step := range []struct {
		rows []graph.Raw
		want string
	}{
		{nil, "tea 0 false"},
		{[]graph.Raw{price(0, "tea", 1), price(1, "milk", 2)}, "tea 1 true"},
		{nil, "tea 1 true"},
		{[]graph.Raw{price(2, "tea", 3)}, "tea 3 true"},
		{[]graph.Raw{price(3, "tea", -1)}, "tea 0 false"},
		{[]graph.Raw{price(4, "tea", 5)}, "tea 5 true"},
	} {
		if step.rows != nil {
			noError(t, g.Apply(x, 0, step.rows, int64(i)))
		}
		r.Add("left", raws(int64(i), i, "tea")...)
		r.process()
		want = append(want, fmt.Sprintf("out[0] k=%s@%d", step.want, i))
		if i == 2 {
			r.commit()
		}
	}
	if diff := cmp.Diff(want, r.take()); diff != "" {
		t.Error(diff)
	}
	r.Abort()
	r.Add("left", raws(3, 3, "milk")...)
	r.process()
	if diff := cmp.Diff([]string{"out[0] k=milk 2 true@3"}, r.take()); diff != "" {
		t.Error(diff)
	}
}

// Rows and positions last as long as their DB; a wipe takes both.
func TestGlobalTablesKeepTheirPositions(t *testing.T) {
	t.Parallel()
	b, x := priced()
	disk := db.Shared(memdb.New())
	open := func() *engine.Globals {
		g, err := engine.NewGlobals(engine.GlobalsConfig{Graph: b.Graph(), Disk: disk})
		noError(t, err)
		return g
	}
	positions := func() (list [2]int64) {
		g := open()
		for p := range list {
			at, err := g.Position(x, int32(p))
			noError(t, err)
			list[p] = at
		}
		return list
	}
	if got := positions(); got != [2]int64{-1, -1} {
		t.Errorf("%d before anything was applied", got)
	}
	noError(t, open().Apply(x, 1, []graph.Raw{price(6, "tea", 1)}, 9))
	if got := positions(); got != [2]int64{-1, 9} {
		t.Errorf("%d, want nothing of partition 0, and 9", got)
	}
	g := open()
	r := newRig(t, b, engine.Config{Globals: g})
	for i, wipe := range []bool{false, true} {
		if wipe {
			noError(t, g.Wipe(x, 2))
		}
		r.Add("left", raws(int64(i), i, "tea")...)
		r.process()
	}
	if diff := cmp.Diff([]string{"out[0] k=tea 1 true@0", "out[0] k=tea 0 false@1"}, r.take()); diff != "" {
		t.Error(diff)
	}
	if got := positions(); got != [2]int64{-1, -1} {
		t.Errorf("%d after a wipe", got)
	}
}

// A null key is dropped; what does not decode is dropped or ends the application, and then nothing of the batch is taken in.
func TestGlobalTablesOfBadRecords(t *testing.T) {
	t.Parallel()
	b, x := priced()
	var skips []string
	cfg := engine.GlobalsConfig{
		Graph: b.Graph(), Memory: db.Shared(memdb.New()), Disk: db.Shared(memdb.New()),
		Skipped: func(s engine.Skip) { skips = append(skips, fmt.Sprint(s.Topic, " ", s.Offset, " ", s.Reason)) },
	}
	bad := []graph.Raw{price(0, "milk", 1), {Value: []byte{1}, Offset: 1}, {Key: []byte("tea"), Value: []byte{1}, Offset: 2}}
	g, err := engine.NewGlobals(cfg)
	noError(t, err)
	err = g.Apply(x, 0, bad, 3)
	for _, want := range []string{`global table "by-article" (global_test.go:`, "topic prices", "offset 2", "give the topic the serde"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if at, err := g.Position(x, 0); at != -1 || err != nil {
		t.Errorf("the position is %d (%v) after a batch that failed", at, err)
	}
	skips, cfg.OnDecode = nil, func(*engine.RecordError) engine.Verdict { return engine.Ignore }
	g, err = engine.NewGlobals(cfg)
	noError(t, err)
	noError(t, g.Apply(x, 0, bad, 3))
	if len(skips) != 2 || skips[0] != "prices 1 null key" || !strings.HasPrefix(skips[1], "prices 2 the value does not decode") || g.Dropped() != 2 {
		t.Errorf("%d dropped: %q", g.Dropped(), skips)
	}
}

// A task whose driver loaded no global tables does not start, nor one that is given those of another topology.
func TestTasksWithoutTheirGlobalTables(t *testing.T) {
	t.Parallel()
	other, _ := priced()
	foreign, err := engine.NewGlobals(engine.GlobalsConfig{Graph: other.Graph(), Disk: db.Shared(memdb.New())})
	noError(t, err)
	for want, g := range map[string]*engine.Globals{"was not loaded": nil, "is of another topology": foreign} {
		b, _ := priced()
		if _, err := tryRig(t, b, engine.Config{Globals: g}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := engine.NewGlobals(engine.GlobalsConfig{Graph: other.Graph(), Memory: memdb.New()}); err == nil || !strings.Contains(err.Error(), "has no DB") {
		t.Errorf("%v, want that it has no DB", err)
	}
}
