package engine_test

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// history is a versioned table of the records themselves.
func (d *draw) history(name string) *table.Table[string, string] {
	opts := []topology.Option{topology.As(d.name + name), topology.Versioned(time.Duration(d.rng.IntN(1500)) * time.Millisecond)}
	if d.rng.IntN(3) == 0 {
		opts = append(opts, topology.InMemory())
	}
	return d.in.ToTable(opts...)
}

// versioned joins records with the rows as of their times, at once or after a grace.
func versioned(d *draw) {
	rows := d.in.ToTable(topology.As(d.name+"-history"), topology.Versioned(time.Second))
	opts := []topology.Option{topology.As(d.name)}
	if d.rng.IntN(3) > 0 {
		opts = append(opts, topology.JoinGrace(time.Duration(d.rng.IntN(1000))*time.Millisecond))
	}
	out := topology.NewTopic[string, string]("out-" + d.name)
	if d.rng.IntN(2) == 0 {
		d.in.JoinTable(rows, func(v, w string) string { return v + "@" + w }, opts...).To(out)
		return
	}
	kept := rows.Filter(func(_, w string) bool { return !strings.HasSuffix(w, "4") })
	d.in.LeftJoinTable(kept, func(v, w string, ok bool) string { return fmt.Sprint(v, "@", w, ok) }, opts...).To(out)
}

// versions joins versioned tables.
func versions(d *draw) {
	to(d, d.history("-a").Join(d.rows, func(v, w string) string { return v + "&" + w }, topology.As(d.name)))
	d.name += "-twice"
	both := d.history("-b").OuterJoin(d.history("-c").MapValues(func(v string) string { return v + "?" }), func(v string, okV bool, w string, okW bool) string {
		return fmt.Sprint(v, okV, w, okW)
	})
	to(d, both)
}

// timedStores keeps records in stores of windows, sessions and versions, and tells what it finds there.
func timedStores(d *draw) {
	opts := func() []topology.Option {
		if d.rng.IntN(2) == 0 {
			return []topology.Option{topology.InMemory()}
		}
		return nil
	}
	wins := state.Window[string, string](d.name+"-windows", 700*time.Millisecond, opts()...)
	dups := state.WindowDuplicates[string, string](d.name+"-duplicates", 500*time.Millisecond, opts()...)
	sess := state.Session[string, string](d.name+"-sessions", 900*time.Millisecond, opts()...)
	vers := state.Versioned[string, string](d.name+"-versions", 400*time.Millisecond, opts()...)
	d.in.Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		w, err1 := wins.Open(c)
		x, err2 := dups.Open(c)
		s, err3 := sess.Open(c)
		v, err4 := vers.Open(c)
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				return nil, err
			}
		}
		return func(r stream.Record[string, string]) error {
			validTo, err := v.Put(r.Key, r.Value, r.Timestamp)
			old, ok, err2 := v.GetAt(r.Key, r.Timestamp-50)
			found := []string{fmt.Sprint(validTo, old, ok)}
			for _, err := range []error{
				err, err2,
				w.Put(r.Key, r.Timestamp/100*100, r.Value), x.Add(r.Key, r.Timestamp/100*100, r.Value),
				s.Put(r.Key, max(0, r.Timestamp-20), r.Timestamp, r.Value),
				listRows(&found, w.FetchRange(state.Keys[string]{}, 0, 1<<40)),
				listRows(&found, x.FetchBackward(r.Key, r.Timestamp-200, r.Timestamp+200)),
				listRows(&found, s.FindRange(state.Between("a", "c"), r.Timestamp-300, r.Timestamp)),
				s.Remove(r.Key, r.Timestamp/3, r.Timestamp/2),
			} {
				if err != nil {
					return err
				}
			}
			return c.Forward(stream.Record[string, string]{Key: r.Key, Value: strings.Join(found, " "), Timestamp: r.Timestamp})
		}, nil
	}, topology.WithStores(wins, dups, sess, vers)).To(topology.NewTopic[string, string]("out-" + d.name))
}

func listRows[R any](to *[]string, rows iter.Seq2[R, error]) error {
	for r, err := range rows {
		if err != nil {
			return err
		}
		*to = append(*to, fmt.Sprint(r))
	}
	return nil
}

// recent knows the keys that were used last.
func recent(d *draw) {
	spec := state.LRU[string, string](d.name, 2)
	d.in.Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		lru, err := spec.Open(c)
		return func(r stream.Record[string, string]) error {
			was, ok, err := lru.Get(r.Key)
			if err != nil {
				return err
			}
			if !ok || strings.HasSuffix(r.Value, "1") {
				if err := lru.Put(r.Key, r.Value); err != nil {
					return err
				}
			}
			return c.Forward(stream.Record[string, string]{Key: r.Key, Value: fmt.Sprint(was, ok), Timestamp: r.Timestamp})
		}, err
	}, topology.WithStores(spec)).To(topology.NewTopic[string, string]("out-" + d.name))
}
