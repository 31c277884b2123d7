package stream

import (
	"fmt"
	"math"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

// encounter is one side of a join in a task, without its types: it knows bytes, and calls the funcs below with them.
type encounter struct {
	ctx         *graph.Context
	node        *graph.Node
	own, other  *store.JoinBuffer
	waiting     *store.Unmatched // nil in an inner join
	left        bool
	keep        bool  // records of this side that find no partner are results
	back, ahead int64 // how much older and younger than a record of this side its partner may be
	grace       int64
	reach       [2]int64 // how long a right and a left record wait for a partner

	pair  func(ts int64, partner []byte) error               // gives the record at hand with a partner
	alone func() error                                       // gives it without one
	late  func(left bool, ts int64, key, value []byte) error // gives a record that waited in vain

	found bool
	key   []byte // of the record at hand
}

// take processes a record; a nil key or value is a null.
func (x *encounter) take(key, value []byte, ts int64) error {
	if x.waiting != nil {
		x.waiting.Advance(ts)
	}
	switch {
	case key == nil && value != nil && x.keep:
		return x.alone()
	case key == nil || value == nil:
		x.ctx.Skip(x.node, "null key or value")
	default:
		if err := x.meet(key, value, ts); err != nil {
			return err
		}
	}
	if key != nil && !x.own.Put(key, value, ts) {
		x.ctx.Skip(x.node, "too late to be kept")
	}
	return nil
}

func (x *encounter) meet(key, value []byte, ts int64) error {
	if x.waiting != nil && ts == x.waiting.Time {
		if err := x.close(); err != nil {
			return err
		}
	}
	x.key, x.found = key, false
	end := max(0, later(ts, x.ahead))
	if err := x.other.Each(key, max(0, ts-x.back), end, x.partner); err != nil {
		return err
	}
	switch {
	case x.found || !x.keep:
		return nil
	case end < x.waiting.Time:
		return x.alone()
	default:
		return x.waiting.Add(x.left, ts, key, value)
	}
}

// close gives what has waited long enough, if there may be anything.
func (x *encounter) close() error {
	w := x.waiting
	if w.Least == store.NoTime || later(w.Least, x.ahead+x.grace) >= w.Time {
		return nil
	}
	return w.Close(x.reach, x.late)
}

// partner is called for each partner of the record at hand.
func (x *encounter) partner(ts int64, value []byte) error {
	x.found = true
	if x.waiting != nil {
		if err := x.waiting.Remove(!x.left, ts, x.key); err != nil {
			return err
		}
	}
	return x.pair(ts, value)
}

// later is ts + d, at most the latest time.
func later(ts, d int64) int64 {
	if d > 0 && ts > math.MaxInt64-d {
		return math.MaxInt64
	}
	return ts + d
}

// meet is the typed part of one side: it encodes the records that come, and decodes their partners.
func meet[K, This, Other, R any](
	x *encounter, raw serde.Serde[This], keys serde.Serde[K], these serde.Serde[This], others serde.Serde[Other],
	join joiner[This, Other, R], next func(*graph.Record[K, R]) error,
) func(*graph.Record[K, This]) error {
	var (
		r       *graph.Record[K, This] // at hand
		o       graph.Record[K, R]
		noThis  This
		noOther Other
	)
	nilable := store.Nilable[R]()
	give := func(v R, ts int64) error {
		o = graph.Record[K, R]{Key: r.Key, NullKey: r.NullKey, Value: v, Timestamp: ts, Headers: r.Headers}
		o.Null = nilable && store.IsNil(&o.Value)
		return next(&o)
	}
	x.pair = func(ts int64, partner []byte) error {
		v, err := others.Decode(partner)
		if err != nil {
			return x.other.Undecoded(x.key, err)
		}
		return give(join(r.Value, true, v, true), max(r.Timestamp, ts))
	}
	x.alone = func() error { return give(join(r.Value, true, noOther, false), r.Timestamp) }
	x.late = func(left bool, ts int64, key, value []byte) error {
		k, err := keys.Decode(key)
		if err != nil {
			return x.waiting.Undecoded(key, err)
		}
		this, other := noThis, noOther
		if left == x.left {
			this, err = these.Decode(value)
		} else {
			other, err = others.Decode(value)
		}
		if err != nil {
			return x.waiting.Undecoded(key, err)
		}
		o = graph.Record[K, R]{Key: k, Value: join(this, left == x.left, other, left != x.left), Timestamp: ts, Headers: r.Headers}
		o.Null = nilable && store.IsNil(&o.Value)
		return next(&o)
	}
	pass := serde.Equal(these, raw)
	kb, vb := make([]byte, 0, 64), make([]byte, 0, 256) // empty bytes are no null
	return func(in *graph.Record[K, This]) (err error) {
		r = in
		var key, value []byte
		if !r.NullKey {
			if kb, err = keys.Append(kb[:0], r.Key); err != nil {
				return unencoded(x.node, "key", err)
			}
			key = kb
		}
		switch {
		case r.Null:
		case pass && r.Raw != nil:
			value = r.Raw
		default:
			if vb, err = these.Append(vb[:0], r.Value); err != nil {
				return unencoded(x.node, "value", err)
			}
			value = vb
		}
		return x.take(key, value, r.Timestamp)
	}
}

func unencoded(n *graph.Node, part string, err error) error {
	return &graph.UserError{Node: n, Err: fmt.Errorf("the %s does not encode: %w", part, err)}
}
