package metamorphic_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/testkit/metamorphic"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

var (
	lefts  = topology.NewTopic[string, string]("lefts")
	rights = topology.NewTopic[string, string]("rights")
	rows   = topology.NewTopic[string, string]("rows")
	world  = topology.NewTopic[string, string]("world")
)

// Every operator, drawn at random, runs alike in all ways. CloseWhenIdle is not among them: a restart begins its waiting
// anew, as it says.
func TestOperators(t *testing.T) {
	t.Parallel()
	runs := 30
	if testing.Short() {
		runs = 6
	}
	metamorphic.Test(t, runs, randomCase)
}

func randomCase(rng *rand.Rand) metamorphic.Case {
	chosen := map[string]func(*draw){}
	for range 2 + rng.IntN(4) {
		name := operators[rng.IntN(len(operators))]
		chosen[name.name] = name.draw
	}
	var c metamorphic.Case
	for name := range chosen {
		c.Parts = append(c.Parts, name)
	}
	slices.Sort(c.Parts)
	seed := rng.Uint64()
	c.Build = func(has metamorphic.Has) (*topology.Topology, error) {
		b := topology.New("random")
		d := &draw{
			b: b, lefts: stream.From(b, lefts), rights: stream.From(b, rights), rows: table.From(b, rows, topology.As("rows")),
			world: table.FromGlobal(b, world),
		}
		d.lefts.ForEach(func(_, _ string) {})
		d.rights.ForEach(func(_, _ string) {})
		for i, name := range c.Parts {
			if has(name) {
				d.name, d.rng = name, rand.New(rand.NewPCG(seed, uint64(i))) // a part is the same without the others
				chosen[name](d)
			}
		}
		return b.Build()
	}
	c.Options = []testkit.Option{testkit.SkipErrors(), testkit.Partitions(1 + int32(rng.IntN(3)))}
	c.Steps = randomSteps(rng)
	return c
}

func randomSteps(rng *rand.Rand) []metamorphic.Step {
	var steps []metamorphic.Step
	now := int64(0)
	for i := range 80 {
		now += rng.Int64N(60)
		at := now
		if rng.IntN(6) == 0 {
			at = max(0, now-rng.Int64N(600))
		}
		r := stream.Record[string, string]{
			Key: "abcde"[rng.IntN(5):][:1], Value: "xyz"[rng.IntN(3):][:1] + ":" + fmt.Sprint(i), Timestamp: at,
			NullKey: rng.IntN(15) == 0, Null: rng.IntN(10) == 0,
		}
		switch rng.IntN(12) {
		case 0:
			steps = append(steps, metamorphic.Advance(time.Duration(1+rng.IntN(90))*time.Millisecond))
		case 1, 2:
			steps = append(steps, metamorphic.Pipe(rows, r))
		case 3:
			steps = append(steps, metamorphic.Pipe(world, r))
		case 4, 5, 6:
			steps = append(steps, metamorphic.Pipe(rights, r))
		default:
			steps = append(steps, metamorphic.Pipe(lefts, r))
		}
	}
	return steps
}

// draw is where a part of the topology is drawn.
type draw struct {
	b             *topology.Builder
	rng           *rand.Rand
	name          string
	lefts, rights *stream.Stream[string, string]
	rows          *table.Table[string, string]
	world         *table.Global[string, string]
}

// opts names a store and gives it some properties.
func (d *draw) opts(more ...topology.Option) []topology.Option {
	opts := append(more, topology.As(d.name))
	if d.rng.IntN(3) == 0 {
		opts = append(opts, topology.EmitOnCommit())
	}
	if d.rng.IntN(3) == 0 {
		opts = append(opts, topology.InMemory())
	}
	return opts
}

func (d *draw) ms(most int) time.Duration {
	return time.Duration(1+d.rng.IntN(most)) * time.Millisecond
}

// grouped is the stream by its key, or by another.
func (d *draw) grouped() *stream.Grouped[string, string] {
	if d.rng.IntN(2) == 0 {
		return d.lefts.GroupByKey()
	}
	return d.lefts.GroupBy(func(_, v string) string { return v[:1] }, topology.As(d.name+"-by"))
}

func (d *draw) to[K, V any](t *table.Table[K, V]) {
	stream.Changes(t).To(topology.NewTopic[K, V]("out-" + d.name))
}

func (d *draw) out() topology.Topic[string, string] {
	return topology.NewTopic[string, string]("out-" + d.name)
}

// short joins texts and keeps the end.
func short(a, b string) string {
	s := a + "+" + b
	return s[max(0, len(s)-40):]
}

func add(a, _, v string) string { return short(a, v) }

func none() string { return "" }

func either(v string, ok bool) string { return cmp.Or(v, "none") + fmt.Sprint(ok) }

func fk(v string) string { return "abcde"["xyz"[0]-'x'+(v[0]-'x')%3:][:1] }

var operators = []struct {
	name string
	draw func(*draw)
}{
	{"count", func(d *draw) { d.to(d.grouped().Count(d.opts()...)) }},
	{"reduce", func(d *draw) { d.to(d.grouped().Reduce(short, d.opts()...)) }},
	{"aggregate-or-delete", func(d *draw) {
		d.to(d.grouped().AggregateOrDelete(none, func(a, _, v string) (string, bool) { return short(a, v), !strings.HasSuffix(v, "7") }, d.opts()...))
	}},
	{"tumbling", func(d *draw) {
		d.to(d.grouped().WindowedBy(window.Tumbling(d.ms(200), d.ms(200))).Aggregate(none, add, d.opts()...))
	}},
	{"hopping", func(d *draw) {
		d.to(d.grouped().WindowedBy(window.Hopping(90*time.Millisecond, 40*time.Millisecond, d.ms(200))).Count(d.opts()...))
	}},
	{"sliding", func(d *draw) {
		d.to(d.grouped().WindowedBy(window.Sliding(d.ms(100), d.ms(200))).Reduce(short, d.opts()...))
	}},
	{"unlimited", func(d *draw) { d.to(d.grouped().WindowedBy(window.Unlimited(time.UnixMilli(100))).Count(d.opts()...)) }},
	{"session", func(d *draw) {
		d.to(d.grouped().WindowedBySession(window.Session(d.ms(80), d.ms(200))).Aggregate(none, add, add, d.opts()...))
	}},
	{"tumbling-final", func(d *draw) {
		d.to(d.grouped().WindowedBy(window.Tumbling(d.ms(100), d.ms(100))).Count(d.opts(topology.EmitOnWindowClose())...))
	}},
	{"sliding-final", func(d *draw) {
		d.to(d.grouped().WindowedBy(window.Sliding(d.ms(60), d.ms(100))).Count(d.opts(topology.EmitOnWindowClose())...))
	}},
	{"session-final", func(d *draw) {
		d.to(d.grouped().WindowedBySession(window.Session(d.ms(50), d.ms(100))).Count(d.opts(topology.EmitOnWindowClose())...))
	}},
	{"suppressed-windows", func(d *draw) {
		t := d.grouped().WindowedBy(window.Tumbling(d.ms(100), d.ms(100))).Count(topology.As(d.name + "-windows"))
		d.to(table.SuppressUntilWindowCloses(t, d.opts()...))
	}},
	{"suppressed-rows", func(d *draw) { d.to(d.rows.SuppressUntilTimeLimit(d.ms(200), d.opts()...)) }},
	{"suppressed-few", func(d *draw) {
		d.to(d.grouped().Count(topology.As(d.name+"-counts")).SuppressUntilTimeLimit(d.ms(300), d.opts(topology.BufferRecords(2))...))
	}},
	{"cogroup", func(d *draw) {
		d.to(d.lefts.GroupByKey().Cogroup(add).And(d.rights.GroupByKey(), add).Aggregate(none, d.opts()...))
	}},
	{"cogroup-windows", func(d *draw) {
		d.to(d.lefts.GroupByKey().Cogroup(add).And(d.rights.GroupByKey(), add).WindowedBy(window.Tumbling(d.ms(200), d.ms(200))).Aggregate(none, d.opts()...))
	}},
	{"join-table", func(d *draw) {
		d.lefts.JoinTable(d.rows, short).To(d.out())
	}},
	{"left-join-table", func(d *draw) {
		d.lefts.LeftJoinTable(d.rows, func(v, w string, ok bool) string { return short(v, either(w, ok)) }).To(d.out())
	}},
	{"join-global", func(d *draw) {
		d.lefts.JoinGlobal(d.world, func(_, v string) string { return fk(v) }, short).To(d.out())
	}},
	{"join-stream", func(d *draw) {
		d.lefts.JoinStream(d.rights, window.Joined(d.ms(100), d.ms(100)), short, d.opts()...).To(d.out())
	}},
	{"left-join-stream", func(d *draw) {
		d.lefts.LeftJoinStream(d.rights, window.Joined(d.ms(60), d.ms(60)), func(v, w string, ok bool) string { return short(v, either(w, ok)) }, d.opts()...).To(d.out())
	}},
	{"outer-join-stream", func(d *draw) {
		d.lefts.OuterJoinStream(d.rights, window.Joined(d.ms(60), d.ms(60)).After(d.ms(30)), func(v string, okV bool, w string, okW bool) string {
			return short(either(v, okV), either(w, okW))
		}, d.opts()...).To(d.out())
	}},
	{"join-tables", func(d *draw) {
		d.to(d.lefts.ToTable(d.opts()...).Join(d.rows, short, topology.As(d.name+"-joined")))
	}},
	{"outer-join-tables", func(d *draw) {
		d.to(d.lefts.ToTable(d.opts()...).OuterJoin(d.rows.Filter(func(_, v string) bool { return v[0] != 'x' }), func(v string, okV bool, w string, okW bool) string {
			return short(either(v, okV), either(w, okW))
		}))
	}},
	{"foreign-key-join", func(d *draw) {
		d.to(d.rows.ForeignKeyJoin(d.lefts.ToTable(topology.As(d.name+"-rights")), fk, short, d.opts()...))
	}},
	{"left-foreign-key-join", func(d *draw) {
		d.to(d.rows.LeftForeignKeyJoin(d.lefts.ToTable(topology.As(d.name+"-rights")), fk, func(v, w string, ok bool) string { return short(v, either(w, ok)) }, d.opts()...))
	}},
	{"table-group", func(d *draw) {
		cut := func(a, v string) string { return strings.Replace(a, "+"+v, "", 1) }
		d.to(d.rows.GroupBy(func(_, v string) (string, string) { return fk(v), v }, topology.As(d.name+"-by")).
			Aggregate(none, func(a, _, v string) string { return a + "+" + v }, func(a, _, v string) string { return cut(a, v) }, d.opts()...))
	}},
	{"join-versioned", func(d *draw) {
		d.lefts.JoinTable(d.rights.ToTable(topology.As(d.name+"-past"), topology.Versioned(time.Second)), short).To(d.out())
	}},
	{"join-versioned-grace", func(d *draw) {
		past := d.rights.ToTable(topology.As(d.name+"-past"), topology.Versioned(time.Second))
		d.lefts.LeftJoinTable(past, func(v, w string, ok bool) string { return short(v, either(w, ok)) }, topology.As(d.name), topology.JoinGrace(d.ms(200))).To(d.out())
	}},
	{"versioned-group", func(d *draw) {
		d.to(d.rights.ToTable(topology.As(d.name+"-past"), topology.Versioned(time.Second)).
			GroupBy(func(_, v string) (string, string) { return fk(v), v }, topology.As(d.name+"-by")).Count(d.opts()...))
	}},
	{"window-store", func(d *draw) {
		seen := state.Window[string, string](d.name, 300*time.Millisecond)
		d.lefts.Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			store, err := seen.Open(c)
			if err != nil {
				return nil, err
			}
			return func(r stream.Record[string, string]) error {
				if r.NullKey || r.Null {
					return nil
				}
				all := ""
				for row, err := range store.Fetch(r.Key, max(0, r.Timestamp-100), r.Timestamp+100) {
					if err != nil {
						return err
					}
					all = short(all, fmt.Sprint(row.Value))
				}
				if err := store.Put(r.Key, r.Timestamp, r.Value); err != nil {
					return err
				}
				r.Value = all
				return c.Forward(r)
			}, nil
		}, topology.WithStores(seen)).To(d.out())
	}},
	{"lru-store", func(d *draw) {
		seen := state.LRU[string, string](d.name, 2)
		d.lefts.Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			store, err := seen.Open(c)
			if err != nil {
				return nil, err
			}
			return func(r stream.Record[string, string]) error {
				if r.NullKey || r.Null {
					return nil
				}
				old, found, err := store.Get(r.Key)
				if err != nil {
					return err
				}
				if err := store.Put(r.Key, r.Value); err != nil {
					return err
				}
				r.Value = either(old, found)
				return c.Forward(r)
			}, nil
		}, topology.WithStores(seen)).To(d.out())
	}},
	{"timers", timers},
	{"failing", func(d *draw) {
		d.to(d.lefts.GroupByKey().Count(d.opts()...))
		d.lefts.ProcessValues(func(_ context.Context, r stream.Record[string, string]) (string, error) {
			if strings.HasSuffix(r.Value, "5") {
				return "", errors.New("a value that ends in 5")
			}
			return r.Value, nil
		}).To(topology.NewTopic[string, string]("out-too"))
	}},
}

// timers counts in a store, and tells of it by both clocks.
func timers(d *draw) {
	seen := state.KeyValue[string, int64](d.name)
	wall, event := d.ms(50), d.ms(50)
	d.rights.Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		store, err := seen.Open(c)
		if err != nil {
			return nil, err
		}
		tell := func(clock string) func(int64) error {
			return func(now int64) error {
				for r, err := range store.All() {
					if err != nil {
						return err
					}
					out := stream.Record[string, string]{Key: r.Key, Value: fmt.Sprint(clock, r.Value, "@", now), Timestamp: max(0, now)}
					if err := c.Forward(out); err != nil {
						return err
					}
				}
				return nil
			}
		}
		c.Every(wall, tell("wall"))
		c.EveryStreamTime(event, tell("event"))
		return func(r stream.Record[string, string]) error {
			n, _, err := store.Get(r.Key)
			if err != nil {
				return err
			}
			return store.Put(r.Key, n+1)
		}, nil
	}, topology.WithStores(seen)).To(d.out())
}
