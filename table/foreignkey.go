package table

import (
	"bytes"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/topology"
)

// ForeignKeyJoin joins each row of t with the row of o whose key is key(row). The result has t's keys. It is updated
// when either side changes, in whatever order the two arrive: a row that waits for its partner is joined when that
// comes. key and join must be pure.
//
// A row subscribes to its foreign key through an internal topic, and what it subscribed to comes back through another.
// An answer counts only while the row is the version that asked; versions are counted, so no serde needs to be
// deterministic (Kafka Streams compares a hash of the encoded row).
//
// Cost: two internal topics (named after the join, topology.As) and two stores: t's rows with their versions, and the
// subscriptions; o is kept in a store. Nulls: a nil key, of a KO that can be nil, joins nothing and is counted as
// dropped; so does a row of o that encodes to no bytes, such as "", as in Kafka Streams; a nil R deletes the result.
// The result's timestamp is the later of the two rows'; of the right row alone where that changed. Kafka Streams:
// KTable.join with a foreign key (KIP-213).
func (t *Table[K, V]) ForeignKeyJoin[KO, W, R any](o *Table[KO, W], key func(V) KO, join func(V, W) R, opts ...topology.Option) *Table[K, R] {
	c := operator.NewCall(t.t.G, "foreign-key-join", opts)
	c.Check(key == nil, "foreign key extractor")
	c.Check(join == nil, "joiner")
	name := c.G.NeedName(c.At, c.Op, c.Name, "stores and internal topics")
	if !ours(t, c, o) {
		return &Table[K, R]{graph.Table[K, R]{G: c.G, Node: t.t.Node, Key: t.t.Key, View: func() (v graph.View[K, R]) { return v }}}
	}
	inner := &operator.Call{G: c.G, Op: c.Op, At: c.At} // the options are the result's
	f := &foreignKey[K, V, KO, W, R]{
		c: c, name: name, key: key, join: join, ks: operator.Key(inner, t.t.Key), ko: operator.Key(inner, o.t.Key),
		vs: operator.Value(inner, t.t.Value), ws: operator.Value(inner, o.t.Value),
	}
	f.asked = c.G.Topic(name+"-subscription", graph.Repartition)
	f.answered = c.G.Topic(name+"-response", graph.Response)
	f.rows = operator.KeyValueStore(inner, name+"-rows", f.ks, serde.Serde[fkRow[V]](fkRowSerde[V]{f.vs}))
	f.subs = operator.KeyValueStore(inner, name+"-subscriptions", serde.Bytes(), serde.Serde[fkSub](fkSubSerde{}))
	f.subscribe(t.t)
	f.answer(o.t)
	n := f.resolve(t.t)
	return &Table[K, R]{operator.AddTable(c, graph.Stream[K, R]{G: c.G, Node: n, Key: f.ks}, name, false)}
}

type foreignKey[K, V, KO, W, R any] struct {
	c               *operator.Call
	name            string
	key             func(V) KO
	join            func(V, W) R
	ks              serde.Serde[K]
	ko              serde.Serde[KO]
	vs              serde.Serde[V]
	ws              serde.Serde[W]
	rows, subs      *graph.Store
	asked, answered *graph.Topic
}

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
				e, err := rows.Entry(ch.Key)
				if err != nil {
					return err
				}
				old, err := rows.Value(e)
				if err != nil {
					return err
				}
				pk, err := f.ks.Append(nil, ch.Key)
				if err != nil {
					return err
				}
				ask := fkAsk{PK: pk, Partition: ctx.TaskPartition}
				send := func(fk []byte, do fkDo) error {
					ask.Do = do
					return next(&graph.Record[[]byte, fkAsk]{Key: fk, Value: ask, Timestamp: ch.Timestamp, Headers: ch.Headers})
				}
				if !ch.HasNew {
					rows.Remove(e, ch.Timestamp)
					if old.FK == nil {
						return nil
					}
					return send(old.FK, fkDropAndTell)
				}
				versions++
				ask.Version = versions
				row := fkRow[V]{Version: versions, Since: versions, Value: ch.New}
				ko := f.key(ch.New)
				if nilable && store.IsNil(&ko) {
					ctx.Skip(n, "null foreign key")
					if err := rows.SetShared(e, row, ch.Timestamp); err != nil || old.FK == nil {
						return err
					}
					return send(old.FK, fkDropAndTell)
				}
				if row.FK, err = f.ko.Append([]byte{}, ko); err != nil {
					return &graph.UserError{Node: n, Err: err}
				}
				same := old.FK != nil && bytes.Equal(old.FK, row.FK)
				if same {
					row.Since = old.Since
				}
				if err := rows.SetShared(e, row, ch.Timestamp); err != nil {
					return err
				}
				if old.FK == nil || same {
					return send(row.FK, fkTellIfThere)
				}
				if err := send(old.FK, fkDrop); err != nil {
					return err
				}
				return send(row.FK, fkTell)
			}, nil
		})
	sink := &operator.Call{G: f.c.G, Op: "fk-subscription", At: f.c.At}
	operator.AddSink(sink, "fk-subscription-sink", n, f.asked, serde.Bytes(), serde.Serde[fkAsk](fkAskSerde{}), nil, true)
}

// answer adds the nodes beside the right table: one takes subscriptions in, one tells of changes.
func (f *foreignKey[K, V, KO, W, R]) answer(o graph.Table[KO, W]) {
	call := &operator.Call{G: f.c.G, Op: "fk-subscription", At: f.c.At}
	src := operator.AddSource(call, f.asked, serde.Bytes(), serde.Serde[fkAsk](fkAskSerde{}))
	view := o.View()
	f.c.G.CoPartition(src, o.Node)
	type out = graph.Record[[]byte, fkAnswer]
	take := graph.Add(f.c.G, graph.Spec{Op: "fk-answer", At: f.c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{src}, Stores: []*graph.Store{f.subs}},
		func(ctx *graph.Context, _ *graph.Node, next func(*out) error) (func(*graph.Record[[]byte, fkAsk]) error, error) {
			subs, err := graph.OpenStore[*store.KeyValue[[]byte, fkSub]](ctx, f.subs)
			if err != nil {
				return nil, err
			}
			get, err := view.Open(ctx)
			if err != nil {
				return nil, err
			}
			return func(r *graph.Record[[]byte, fkAsk]) error {
				ask := r.Value
				e, err := subs.Entry(append(fkPrefix(r.Key), ask.PK...))
				if err != nil {
					return err
				}
				if ask.Do == fkDrop || ask.Do == fkDropAndTell {
					subs.Remove(e, r.Timestamp)
				} else {
					subs.Set(e, fkSub{ask.Version, ask.Partition}, r.Timestamp)
				}
				o := out{Key: ask.PK, Value: fkAnswer{Version: ask.Version, Partition: ask.Partition}, Timestamp: r.Timestamp, Headers: r.Headers}
				if ask.Do == fkDrop {
					return nil
				}
				ko, err := f.ko.Decode(r.Key)
				if err != nil {
					return &graph.DecodeError{Part: "key", Err: err}
				}
				w, ts, ok, err := get(ko)
				if err != nil {
					return err
				}
				if ok {
					o.Timestamp = max(o.Timestamp, ts) // of the result's delete as well
				}
				switch {
				case ask.Do == fkDropAndTell:
				case ok:
					if o.Value.Row, err = f.ws.Append([]byte{}, w); err != nil {
						return err
					}
				case ask.Do == fkTellIfThere:
					return nil
				}
				return next(&o)
			}, nil
		}).Using(view.Stores)
	tell := graph.Add(f.c.G, graph.Spec{Op: "fk-tell", At: f.c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{o.Node}, Stores: []*graph.Store{f.subs}},
		func(ctx *graph.Context, _ *graph.Node, next func(*out) error) (func(*graph.Change[KO, W]) error, error) {
			subs, err := graph.OpenStore[*store.KeyValue[[]byte, fkSub]](ctx, f.subs)
			if err != nil {
				return nil, err
			}
			return func(ch *graph.Change[KO, W]) error {
				fk, err := f.ko.Append(nil, ch.Key)
				if err != nil {
					return err
				}
				var row []byte
				if ch.HasNew {
					if row, err = f.ws.Append([]byte{}, ch.New); err != nil {
						return err
					}
				}
				prefix := fkPrefix(fk)
				for sub, err := range store.Prefix(subs, prefix) {
					if err != nil {
						return err
					}
					o := out{Key: sub.Key[len(prefix):], Value: fkAnswer{sub.Value.Version, sub.Value.Partition, row}, Timestamp: ch.Timestamp, Headers: ch.Headers}
					if err := next(&o); err != nil {
						return err
					}
				}
				return nil
			}, nil
		})
	f.sendAnswers(take, tell)
}

// sendAnswers adds the sink of answers: each goes to the partition that asked.
func (f *foreignKey[K, V, KO, W, R]) sendAnswers(parents ...*graph.Node) {
	type in = graph.Record[[]byte, fkAnswer]
	graph.Add(f.c.G, graph.Spec{Op: "fk-response-sink", At: f.c.At, Kind: graph.SinkNode, Topic: f.answered, Parents: parents},
		func(ctx *graph.Context, _ *graph.Node, _ func(*struct{}) error) (func(*in) error, error) {
			var b []byte
			e := graph.Effect{Topic: f.answered}
			return func(r *in) error {
				b, _ = fkAnswerSerde{}.Append(b[:0], r.Value)
				e.Key, e.Value, e.Headers, e.Timestamp, e.Partition = r.Key, b, r.Headers, r.Timestamp, r.Value.Partition
				return ctx.Emit(&e)
			}, nil
		})
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
				gone := r.Value.Row == nil && row.FK != nil && r.Value.Version >= row.Since
				if r.Value.Version != row.Version && !gone {
					return nil
				}
				o := graph.Record[K, R]{Key: r.Key, Null: true, Timestamp: r.Timestamp, Headers: r.Headers}
				if has && row.FK != nil && r.Value.Row != nil {
					w, err := f.ws.Decode(r.Value.Row)
					if err != nil {
						return &graph.DecodeError{Part: "value", Err: err}
					}
					o.Value = f.join(row.Value, w)
					o.Null = nilable && store.IsNil(&o.Value)
				}
				return next(&o)
			}, nil
		})
}
