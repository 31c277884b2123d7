package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// total is an aggregate that is changed in place.
type total struct {
	N    int
	Seen []string
}

func (t *total) add(_ string, v string) *total {
	t.N++
	t.Seen = append(t.Seen, v)
	if len(t.Seen) > 3 {
		t.Seen = t.Seen[1:]
	}
	return t
}

func (t *total) merge(_ string, o *total) *total {
	t.N += o.N
	t.Seen = append(t.Seen, o.Seen...)
	return t
}

// randomTopology draws a few operators of each kind on two topics. Nothing is repartitioned, so it is one task.
func randomTopology(rng *rand.Rand) *topology.Builder {
	b := topology.New("random")
	lefts := stream.From(b, left, extractor(rng)...)
	rights := table.From(b, right, topology.As("rights"))
	parts := []func(d *draw){
		counted, tumbling, hopping, sessions, punctuated, joined, derived, failing, stored, limited, closed, met, together,
		sliding, unlimited, closing, closing,
		versioned, versions, timedStores, recent,
	}
	for i := range 2 + rng.IntN(5) {
		d := &draw{rng: rng, name: fmt.Sprintf("part%d", i), in: lefts, rows: rights}
		switch rng.IntN(4) {
		case 0:
			d.in = d.in.Filter(func(_, v string) bool { return !strings.HasSuffix(v, "3") })
		case 1:
			d.in = d.in.MapValues(func(v string) string { return v + "!" })
		}
		parts[rng.IntN(len(parts))](d)
	}
	return b
}

func extractor(rng *rand.Rand) []topology.Option {
	if rng.IntN(3) > 0 {
		return nil
	}
	return []topology.Option{topology.Extractor(func(_, _ string, record, partition int64) int64 { return max(record, partition-400) })}
}

// draw is where a part of the topology is drawn.
type draw struct {
	rng  *rand.Rand
	name string
	in   *stream.Stream[string, string]
	rows *table.Table[string, string]
}

// opts names a store and gives it some properties.
func (d *draw) opts() []topology.Option {
	opts := []topology.Option{topology.As(d.name)}
	if d.rng.IntN(3) == 0 {
		opts = append(opts, topology.EmitOnCommit())
	}
	if d.rng.IntN(3) == 0 {
		opts = append(opts, topology.InMemory())
	}
	return opts
}

func to[K, V any](d *draw, t *table.Table[K, V]) {
	stream.Changes(t).To(topology.NewTopic[K, V]("out-" + d.name))
}

func counted(d *draw) { to(d, d.in.GroupByKey().Count(d.opts()...)) }

func tumbling(d *draw) {
	w := window.Tumbling(time.Duration(1+d.rng.IntN(500))*time.Millisecond, time.Duration(d.rng.IntN(500))*time.Millisecond)
	to(d, d.in.GroupByKey().WindowedBy(w).Aggregate(func() *total { return &total{} }, addTo, d.opts()...))
}

func addTo(t *total, k, v string) *total { return t.add(k, v) }

func hopping(d *draw) {
	to(d, d.in.GroupByKey().WindowedBy(window.Hopping(300*time.Millisecond, 100*time.Millisecond, 200*time.Millisecond)).Count(d.opts()...))
}

func sessions(d *draw) {
	w := window.Session(time.Duration(1+d.rng.IntN(150))*time.Millisecond, time.Duration(d.rng.IntN(300))*time.Millisecond)
	merge := func(t *total, k string, o *total) *total { return t.merge(k, o) }
	to(d, d.in.GroupByKey().WindowedBySession(w).Aggregate(func() *total { return &total{} }, addTo, merge, d.opts()...))
}

// together is one aggregate of both topics.
func together(d *draw) {
	rows := stream.Changes(d.rows)
	sizes := func(t *total, _ string, n int) *total {
		t.N += n
		return t
	}
	x := d.in.GroupByKey().Cogroup(addTo).And(rows.MapValues(func(v string) int { return len(v) }).GroupByKey(), sizes)
	init := func() *total { return &total{} }
	grace := time.Duration(d.rng.IntN(400)) * time.Millisecond
	switch d.rng.IntN(4) {
	case 0:
		to(d, x.Aggregate(init, d.opts()...))
	case 1:
		to(d, x.WindowedBy(window.Hopping(300*time.Millisecond, 200*time.Millisecond, grace)).Aggregate(init, d.opts()...))
	case 2:
		to(d, x.WindowedBy(window.Sliding(150*time.Millisecond, grace)).Aggregate(init, d.opts()...))
	default:
		merge := func(t *total, k string, o *total) *total { return t.merge(k, o) }
		to(d, x.WindowedBySession(window.Session(100*time.Millisecond, grace)).Aggregate(init, merge, d.opts()...))
	}
}

// punctuated has timers by both clocks; some end, some are due together.
func punctuated(d *draw) {
	intervals := []time.Duration{100, 100, 100, 300, 7}
	ends := 1 + d.rng.IntN(5)
	seen := state.KeyValue[string, int64](d.name)
	d.in.Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		store, err := seen.Open(c)
		if err != nil {
			return nil, err
		}
		var cancels []func()
		for i, x := range intervals {
			fire := func(clock string) func(int64) error {
				return func(now int64) error {
					return c.Forward(stream.Record[string, string]{Key: clock, Value: fmt.Sprintf("timer %d at %d", i, now), Timestamp: max(0, now)})
				}
			}
			cancels = append(cancels, c.Every(x*time.Millisecond, fire("wall")), c.EveryStreamTime(x*time.Millisecond, fire("stream")))
		}
		onGrid := func(now int64) error {
			return c.Forward(stream.Record[string, string]{Key: "grid", Value: fmt.Sprint(now), Timestamp: max(0, now)})
		}
		c.EveryFrom(70, 130*time.Millisecond, onGrid)
		c.EveryStreamTimeFrom(4000, 900*time.Millisecond, onGrid)
		var stop func()
		stop = c.EveryStreamTime(50*time.Millisecond, func(now int64) error {
			n, _, err := store.Get("rounds")
			if err != nil {
				return err
			}
			if int(n) >= ends {
				stop()
			}
			if err := store.Put("rounds", n+1); err != nil {
				return err
			}
			return c.Forward(stream.Record[string, string]{Key: "ending", Value: fmt.Sprint(n), Timestamp: now})
		})
		return func(r stream.Record[string, string]) error {
			n, _, err := store.Get(r.Key)
			if err != nil {
				return err
			}
			if which := (int(n) - 10) / 3; n >= 10 && which < len(cancels)/2 {
				cancels[which]()
			}
			return store.Put(r.Key, n+1)
		}, nil
	}, topology.WithStores(seen)).To(topology.NewTopic[string, string]("out-" + d.name))
}

func joined(d *draw) {
	out := topology.NewTopic[string, string]("out-" + d.name)
	if d.rng.IntN(2) == 0 {
		d.in.JoinTable(d.rows, func(v, w string) string { return v + "+" + w }).To(out)
		return
	}
	d.in.LeftJoinTable(d.rows, func(v, w string, ok bool) string { return fmt.Sprint(v, "+", w, ok) }).To(out)
}

func derived(d *draw) {
	lefts := d.in.ToTable(topology.As(d.name+"-lefts"), topology.EmitOnCommit())
	rights := d.rows.Filter(func(_, w string) bool { return !strings.HasSuffix(w, "4") })
	var opts []topology.Option
	if d.rng.IntN(2) == 0 {
		opts = d.opts()
	}
	outer := func(v string, okV bool, w string, okW bool) string { return fmt.Sprint(v, okV, "&", w, okW) }
	switch d.rng.IntN(3) {
	case 0:
		to(d, lefts.Join(rights, func(v, w string) string { return v + "&" + w }, opts...))
	case 1:
		to(d, rights.LeftJoin(lefts, func(w, v string, ok bool) string { return fmt.Sprint(w, "&", v, ok) }, opts...))
	default:
		to(d, lefts.OuterJoin(rights, outer).LeftJoin(rights, func(v, w string, ok bool) string { return fmt.Sprint(v, "&", w, ok) }, opts...))
	}
}

// limited holds changes back for a time, sometimes with little room, and sums up what is let go.
func limited(d *draw) {
	opts := []topology.Option{topology.As(d.name + "-held")}
	if d.rng.IntN(2) == 0 {
		opts = append(opts, topology.BufferRecords(d.rng.Int64N(4)))
	}
	if d.rng.IntN(3) == 0 {
		opts = append(opts, topology.BufferBytes(d.rng.Int64N(200)))
	}
	if d.rng.IntN(3) == 0 {
		opts = append(opts, topology.InMemory())
	}
	limit := time.Duration(d.rng.IntN(900)) * time.Millisecond
	if d.rng.IntN(3) == 0 { // what is let go may fail
		rows := d.in.ToTable(topology.As(d.name)).SuppressUntilTimeLimit(limit, opts...)
		stream.Changes(rows).ProcessValues(failOnFive).To(topology.NewTopic[string, string]("out-" + d.name))
		return
	}
	rows := d.in.ToTable(d.opts()...).SuppressUntilTimeLimit(limit, opts...)
	to(d, rows.Join(d.rows, func(v, w string) string { return v + "&" + w }, topology.As(d.name+"-joined"), topology.EmitOnCommit()))
}

// closed holds windows and sessions back until they close.
func closed(d *draw) {
	w := window.Hopping(300*time.Millisecond, 100*time.Millisecond, time.Duration(d.rng.IntN(300))*time.Millisecond)
	counts := d.in.GroupByKey().WindowedBy(w).Count(d.opts()...)
	to(d, table.SuppressUntilWindowCloses(counts, topology.As(d.name+"-held")))
	s := &draw{rng: d.rng, name: d.name + "-sessions"}
	totals := d.in.GroupByKey().WindowedBySession(window.Session(50*time.Millisecond, 100*time.Millisecond)).
		Aggregate(func() *total { return &total{} }, addTo, func(t *total, k string, o *total) *total { return t.merge(k, o) }, s.opts()...)
	to(s, table.SuppressUntilWindowCloses(totals, topology.As(s.name+"-held")))
}

var errRandom = errors.New("a value that ends in 5")

// failing fails on some records, after a store has seen them or before.
func failing(d *draw) {
	s := d.in
	out := topology.NewTopic[string, string]("out-" + d.name)
	if d.rng.IntN(2) == 0 {
		to(d, s.GroupByKey().Count(d.opts()...))
		out.Name += "-too"
	}
	s.ProcessValues(failOnFive).To(out)
}

func failOnFive(_ context.Context, r stream.Record[string, string]) (string, error) {
	if strings.HasSuffix(r.Value, "5") {
		return "", errRandom
	}
	return r.Value, nil
}

// stored keeps the last values in a store and looks at all of them.
func stored(d *draw) {
	last := state.KeyValue[string, string](d.name)
	d.in.Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		store, err := last.Open(c)
		if err != nil {
			return nil, err
		}
		return func(r stream.Record[string, string]) error {
			if strings.HasSuffix(r.Value, "7") {
				if err := store.Delete(r.Key); err != nil {
					return err
				}
			} else if err := store.Put(r.Key, r.Value); err != nil {
				return err
			}
			var all []string
			for row, err := range store.All() {
				if err != nil {
					return err
				}
				all = append(all, row.Key+"="+row.Value)
			}
			return c.Forward(stream.Record[string, string]{Key: r.Key, Value: strings.Join(all, " "), Timestamp: r.Timestamp})
		}, nil
	}, topology.WithStores(last)).To(topology.NewTopic[string, string]("out-" + d.name))
}

// randomInput is records of a few keys, some null, whose times move on, with some that are late and some that have none.
func randomInput(rng *rand.Rand) inputs {
	in := inputs{}
	for _, topic := range []string{"left", "right"} {
		n, now := 300, int64(0)
		if topic == "right" {
			n = 60
		}
		for i := range n {
			now += rng.Int64N(int64(12_000 / n))
			r := graph.Raw{Key: []byte{"abcde"[rng.IntN(5)]}, Value: fmt.Appendf(nil, "%s%d", topic[:1], i), Timestamp: now, Offset: int64(i)}
			switch rng.IntN(20) {
			case 0:
				r.Key = nil
			case 1:
				r.Value = nil
			case 2:
				r.Timestamp = max(0, now-rng.Int64N(2000))
			case 3:
				r.Timestamp = -1
			case 4:
				r.Key = []byte{}
			}
			in[topic] = append(in[topic], r)
		}
	}
	return in
}
