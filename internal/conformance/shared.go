package conformance

import (
	"fmt"
	"strconv"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// keeping is [processed] with a store.
func keeping[S text](s *stream.Stream[S, S], spec *state.KeyValueSpec[S, S],
	f func(*stream.Context[S, S], *state.KeyValueStore[S, S], stream.Record[S, S]) error,
) *stream.Stream[S, S] {
	return s.Process(func(c *stream.Context[S, S]) (func(stream.Record[S, S]) error, error) {
		rows, err := spec.Open(c)
		return func(r stream.Record[S, S]) error { return f(c, rows, r) }, err
	}, topology.WithStores(spec))
}

func papiSharedStore[S text](x *drawing[S]) {
	st := x.plain[S]("st")
	written := keeping(x.from("in1"), st, func(c *stream.Context[S, S], rows *state.KeyValueStore[S, S], r stream.Record[S, S]) error {
		if isNull(r.Key) {
			return nil
		}
		if err := rows.Put(r.Key, r.Value); err != nil {
			return err
		}
		return c.Forward(with(r, is[S]("w:"+show(r.Value))))
	})
	x.to(written, "out")
	read := keeping(x.from("in2"), st, func(c *stream.Context[S, S], rows *state.KeyValueStore[S, S], r stream.Record[S, S]) error {
		found := "null"
		if !isNull(r.Key) {
			v, ok, err := rows.Get(r.Key)
			if err != nil {
				return err
			}
			if ok {
				found = show(v)
			}
		}
		return c.Forward(with(r, is[S]("r:"+found+"/"+show(r.Value))))
	})
	x.to(read, "out")
}

// punctuateFlushStore collects values by key and forwards what there is at intervals.
func punctuateFlushStore[S text](x *drawing[S]) {
	st := x.plain[S]("st")
	x.to(x.from("in").Process(func(c *stream.Context[S, S]) (func(stream.Record[S, S]) error, error) {
		rows, err := st.Open(c)
		if err != nil {
			return nil, err
		}
		every := c.EveryStreamTime
		if x.params.Is("wall") {
			every = c.Every
		}
		every(x.millis("intervalMs"), func(now int64) error {
			for r, err := range rows.All() {
				if err != nil {
					return err
				}
				if err := c.Forward(stream.Record[S, S]{Key: r.Key, Value: r.Value, Timestamp: max(0, now)}); err != nil {
					return err
				}
				if err := rows.Delete(r.Key); err != nil {
					return err
				}
			}
			return nil
		})
		return func(r stream.Record[S, S]) error {
			if isNull(r.Key) {
				return nil
			}
			switch old, ok, err := rows.Get(r.Key); {
			case err != nil:
				return err
			case isNull(r.Value):
				return rows.Delete(r.Key)
			case ok:
				return rows.Put(r.Key, is[S](show(old)+"+"+show(r.Value)))
			default:
				return rows.Put(r.Key, r.Value)
			}
		}, nil
	}, topology.WithStores(st)), "out")
}

// tableTransformValuesStateful numbers the changes of each row. As no table operator has stores, it is one of streams.
func tableTransformValuesStateful[S text](x *drawing[S]) {
	numbered := keeping(stream.Changes(x.table("in", "src")), x.plain[S]("cnt"),
		func(c *stream.Context[S, S], rows *state.KeyValueStore[S, S], r stream.Record[S, S]) error {
			n := 1
			switch v, ok, err := rows.Get(r.Key); {
			case err != nil:
				return err
			case ok:
				before, err := strconv.Atoi(show(v))
				if err != nil {
					return fmt.Errorf("conformance: count of %s: %w", show(r.Key), err)
				}
				n += before
			}
			if err := rows.Put(r.Key, is[S](strconv.Itoa(n))); err != nil {
				return err
			}
			return c.Forward(with(r, is[S](fmt.Sprintf("%s#%d", show(r.Value), n))))
		})
	x.changes(numbered.ToTable(x.kv[S]("tv")...), "out")
}
