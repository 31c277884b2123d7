package conformance

import (
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-go/millrace/stream"
)

// processed is Process with a processor that keeps nothing.
func processed[S text, V any](s *stream.Stream[S, S], f func(*stream.Context[S, V], stream.Record[S, S]) error) *stream.Stream[S, V] {
	return s.Process(func(c *stream.Context[S, V]) (func(stream.Record[S, S]) error, error) {
		return func(r stream.Record[S, S]) error { return f(c, r) }, nil
	})
}

// with is r with another value.
func with[S text, V any](r stream.Record[S, S], v V) stream.Record[S, V] {
	return stream.Record[S, V]{Key: r.Key, NullKey: r.NullKey, Value: v, Timestamp: r.Timestamp, Headers: r.Headers}
}

// routed is a value for one child of a processor, or for all. Kafka Streams forwards to a child by its name; here the
// children filter.
type routed[S text] struct {
	To    string
	Value S
}

func child[S text](s *stream.Stream[S, routed[S]], name string) *stream.Stream[S, S] {
	return s.Filter(func(_ S, v routed[S]) bool { return v.To == "" || v.To == name }).
		MapValues(func(v routed[S]) S { return v.Value })
}

func processChildren[S text](x *drawing[S]) {
	p := processed(x.from("in"), func(c *stream.Context[S, routed[S]], r stream.Record[S, S]) error {
		send := func(to string, later int64) error {
			o := with(r, routed[S]{to, r.Value})
			o.Timestamp += later
			return c.Forward(o)
		}
		inTurn := func(first, second error) error {
			if first != nil {
				return first
			}
			return second
		}
		switch {
		case isNull(r.Value):
			return send("", 0)
		case starts(r.Value, "a"):
			return send("left", 0)
		case starts(r.Value, "b"):
			return send("right", 0)
		case starts(r.Value, "c"):
			return inTurn(send("right", 0), send("left", 0))
		case starts(r.Value, "x"):
			return inTurn(send("", 5), send("", 0))
		default:
			return nil
		}
	})
	x.to(marked(child(p, "left"), "L"), "outL")
	x.to(marked(child(p, "right"), "R"), "outR")
}

// forwardAll forwards records in order, up to the first error.
func forwardAll[S text](c *stream.Context[S, S], rs ...stream.Record[S, S]) error {
	for _, r := range rs {
		if err := c.Forward(r); err != nil {
			return err
		}
	}
	return nil
}

func processTimestamps[S text](x *drawing[S]) {
	delta, _ := x.params.Int("deltaMs")
	s := processed(x.from("in"), func(c *stream.Context[S, S], r stream.Record[S, S]) error {
		later, earlier := with(r, is[S]("+"+show(r.Value))), with(r, is[S]("-"+show(r.Value)))
		later.Timestamp += delta
		earlier.Timestamp = max(0, earlier.Timestamp-delta)
		return forwardAll(c, later, earlier, with(r, is[S]("="+show(r.Value)+"@"+decimal(c.StreamTime()))))
	})
	x.to(s.MapValues(func(v S) S { return v }), "out")
}

func processHeaders[S text](x *drawing[S]) {
	p := processed(x.from("in"), func(c *stream.Context[S, S], r stream.Record[S, S]) error {
		more, none := with(r, is[S](show(r.Value)+"1")), with(r, is[S](show(r.Value)+"2"))
		more.Headers = append(slices.Clone(r.Headers), stream.Header{Key: "n", Value: []byte(strconv.Itoa(len(r.Headers)))})
		none.Headers = nil
		return forwardAll(c, more, none, r)
	})
	x.to(p.MapValues(func(v S) S { return v }), "out1")
	x.to(p.Map(func(k, v S) (S, S) { return k, v }), "out2")
}

func processKeyChange[S text](x *drawing[S]) {
	x.to(processed(x.from("in"), func(c *stream.Context[S, S], r stream.Record[S, S]) error {
		if isNull(r.Value) {
			return nil
		}
		o := with(r, is[S](show(r.Key)))
		o.Key, o.NullKey = r.Value, false
		return c.Forward(o)
	}), "out")
}

func processValues[S text](x *drawing[S]) {
	x.to(processed(x.from("in"), func(c *stream.Context[S, S], r stream.Record[S, S]) error {
		switch v := show(r.Value); {
		case isNull(r.Value):
			return nil
		case strings.Contains(v, ","):
			second := with(r, is[S](v+"2"))
			second.Timestamp++
			return forwardAll(c, with(r, is[S](v+"1")), second)
		default:
			return c.Forward(with(r, is[S]("("+v+")")))
		}
	}), "out")
}
