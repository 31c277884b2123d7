package table

import (
	"bytes"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

// subscribe adds the node beside the left table that sends each row's foreign key out.
func (f *foreignKey[K, V, KO, W, R]) subscribe(t graph.Table[K, V]) {
	nilable := store.Nilable[KO]()
	n := graph.Add(f.c.G, graph.Spec{Op: "fk-subscribe", At: f.c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{t.Node}, Stores: []*graph.Store{f.rows}},
		func(ctx *graph.Context, n *graph.Node, next func(*graph.Record[[]byte, fkAsk]) error) (func(*graph.Change[K, V]) error, error) {
			rows, err := graph.OpenStore[*store.KeyValue[K, fkRow[V]]](ctx, f.rows)
			if err != nil {
				return nil, err
			}
			var versions int64
			ctx.Var("node/"+n.Name, &versions)
			return func(ch *graph.Change[K, V]) error {
				if operator.Superseded(ctx, n, ch) {
					return nil
				}
				e, err := rows.Entry(ch.Key)
				if err != nil {
					return err
				}
				old, err := rows.Value(e)
				if err != nil {
					return err
				}
				had := e.Has()
				pk, err := f.ks.Append(nil, ch.Key)
				if err != nil {
					return err
				}
				ask := fkAsk{PK: pk, Partition: ctx.TaskPartition}
				send := func(fk []byte, do fkDo) error {
					ask.Do = do
					return next(&graph.Record[[]byte, fkAsk]{Key: fk, NullKey: fk == nil, Value: ask, Timestamp: ch.Timestamp, Headers: ch.Headers})
				}
				if !ch.HasNew {
					rows.Remove(e, ch.Timestamp)
					switch {
					case f.left && had:
						return f.swap(old.FK, nil, send)
					case f.left || old.FK == nil:
						return nil
					}
					return send(old.FK, fkDropAndTell)
				}
				versions++
				ask.Version = versions
				row := fkRow[V]{Version: versions, Since: versions, Value: ch.New}
				ko := f.key(ch.Key, ch.New)
				null := nilable && store.IsNil(&ko)
				if null && !f.left {
					ctx.Skip(n, "null foreign key")
					if err := rows.SetShared(e, row, ch.Timestamp); err != nil || old.FK == nil {
						return err
					}
					return send(old.FK, fkDropAndTell)
				}
				if !null {
					if row.FK, err = f.ko.Append([]byte{}, ko); err != nil {
						return &graph.UserError{Node: n, Err: err}
					}
				}
				same := old.FK != nil && row.FK != nil && bytes.Equal(old.FK, row.FK)
				if same {
					row.Since = old.Since
				}
				if err := rows.SetShared(e, row, ch.Timestamp); err != nil {
					return err
				}
				switch {
				case f.left && same:
					return send(row.FK, fkTell)
				case !f.left && (same || old.FK == nil): // what there was joined nothing, if this does not
					return send(row.FK, fkTellIfThere)
				}
				return f.swap(old.FK, row.FK, send)
			}, nil
		})
	sink := &operator.Call{G: f.c.G, Op: "fk-subscription", At: f.c.At}
	operator.AddSink(sink, "fk-subscription-sink", n, f.asked, serde.Bytes(), serde.Serde[fkAsk](fkAskSerde{}), nil, false)
}

// swap subscribes to another foreign key, nil being none: what has none is answered all the same.
func (f *foreignKey[K, V, KO, W, R]) swap(from, to []byte, send func(fk []byte, do fkDo) error) error {
	if from != nil {
		if err := send(from, fkDrop); err != nil {
			return err
		}
	}
	return send(to, fkTell)
}

// resolve adds the node beside the left table that makes results of answers.
func (f *foreignKey[K, V, KO, W, R]) resolve(t graph.Table[K, V]) *graph.Node {
	call := &operator.Call{G: f.c.G, Op: "fk-response", At: f.c.At}
	src := operator.AddSource(call, f.answered, f.ks, serde.Serde[fkAnswer](fkAnswerSerde{}))
	for _, tp := range graph.SourcesAbove(t.Node) {
		f.answered.Like = tp
	}
	f.c.G.CoPartition(src, t.Node)
	nilable := store.Nilable[R]()
	return graph.Add(f.c.G, graph.Spec{Op: "fk-resolve", At: f.c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{src}, Stores: []*graph.Store{f.rows}},
		func(ctx *graph.Context, _ *graph.Node, next func(*graph.Record[K, R]) error) (func(*graph.Record[K, fkAnswer]) error, error) {
			rows, err := graph.OpenStore[*store.KeyValue[K, fkRow[V]]](ctx, f.rows)
			if err != nil {
				return nil, err
			}
			return func(r *graph.Record[K, fkAnswer]) error {
				row, _, has, err := rows.Get(r.Key)
				if err != nil {
					return err
				}
				// A row that is gone, or has no foreign key any more, takes the answer to its farewell. That the right row is
				// gone is true for every version since the foreign key changed, and the one that asked last gets no answer then.
				// (In a left join it does.)
				gone := !f.left && r.Value.Row == nil && row.FK != nil && r.Value.Version >= row.Since
				if r.Value.Version != row.Version && !gone {
					return nil
				}
				o := graph.Record[K, R]{Key: r.Key, Null: true, Timestamp: r.Timestamp, Headers: r.Headers}
				if !has || !f.left && (row.FK == nil || r.Value.Row == nil) {
					return next(&o)
				}
				var w W
				if r.Value.Row != nil {
					if w, err = f.ws.Decode(r.Value.Row); err != nil {
						return &graph.DecodeError{Part: "value", Err: err}
					}
				}
				o.Value = f.join(row.Value, w, r.Value.Row != nil)
				o.Null = nilable && store.IsNil(&o.Value)
				return next(&o)
			}, nil
		})
}
