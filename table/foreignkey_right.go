package table

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
)

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
			get, err := told(ctx, view)
			if err != nil {
				return nil, err
			}
			return func(r *graph.Record[[]byte, fkAsk]) error {
				ask := r.Value
				o := out{Key: ask.PK, Value: fkAnswer{Version: ask.Version, Partition: ask.Partition}, Timestamp: r.Timestamp, Headers: r.Headers}
				if r.NullKey { // of a left join: a row without a foreign key, or a deleted one
					return next(&o)
				}
				e, err := subs.Entry(append(fkPrefix(r.Key), ask.PK...))
				if err != nil {
					return err
				}
				if ask.Do == fkDrop || ask.Do == fkDropAndTell {
					subs.Remove(e, r.Timestamp)
				} else {
					subs.Set(e, fkSub{ask.Version, ask.Partition}, r.Timestamp)
				}
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
		func(ctx *graph.Context, n *graph.Node, next func(*out) error) (func(*graph.Change[KO, W]) error, error) {
			subs, err := graph.OpenStore[*store.KeyValue[[]byte, fkSub]](ctx, f.subs)
			if err != nil {
				return nil, err
			}
			return func(ch *graph.Change[KO, W]) error {
				if operator.Superseded(ctx, n, ch) {
					return nil
				}
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
