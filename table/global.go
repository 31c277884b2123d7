package table

import (
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/topology"
)

// Global is a table of which every instance holds all rows: what small reference data wants, since a stream joins it by any
// key, without a repartition and without equal partition counts (stream.Stream.JoinGlobal). It is read only.
//
// Its topic is read in full before any record is processed. From then on it is followed beside the tasks, in no particular
// order with their records, and outside their transactions: a record may be joined with an older or a newer row than one
// with the same timestamp next to it, and a record that is processed again with another one than the first time. Where that
// matters, join tables.
type Global[K, V any] struct {
	g *graph.Graph
	x *graph.Global
}

// FromGlobal reads a topic as a global table: each record is its key's new value. The topic should be compacted.
//
// Cost: every instance reads the whole topic, and keeps it on its disk with the position, so that a restart reads the rest
// only; in memory with topology.InMemory, and then from the start. No changelog: the topic is that. The store is named after
// the topic unless topology.As names it. Nulls: a null value deletes; a null key is dropped and counted. Updates are taken in
// the order in which they come; rows have their records' time. What does not decode goes to the deserialisation error
// handler. Partitions that are added to the topic are read after a restart. Kafka Streams: StreamsBuilder.globalTable (KIP-99).
func FromGlobal[K, V any](b *topology.Builder, t topology.Topic[K, V], opts ...topology.Option) *Global[K, V] {
	c := operator.NewCall(b.Graph(), "table.FromGlobal", opts)
	if c.History != nil {
		c.Errorf("a global table keeps no versions: leave topology.Versioned out")
	}
	name := c.Name
	if name == "" {
		name = t.Name
	}
	x := operator.AddGlobal(c, c.G.Topic(t.Name, graph.UserTopic), name, operator.Key(c, t.Key), operator.Value(c, t.Value))
	return &Global[K, V]{c.G, x}
}

// ReadBy notes an operator that joins the table; it is for package stream.
func (t *Global[K, V]) ReadBy(n *graph.Node) { t.x.Readers = append(t.x.Readers, n) }

// Graph is the topology that the table is of; it is for package stream.
func (t *Global[K, V]) Graph() *graph.Graph { return t.g }

// View is how rows are looked up; it is for package stream.
func (t *Global[K, V]) View() graph.View[K, V] {
	return graph.View[K, V]{Open: func(ctx *graph.Context) (graph.Lookup[K, V], error) {
		kv, err := graph.OpenStore[*store.KeyValue[K, V]](ctx, t.x.Store)
		if err != nil {
			return nil, err
		}
		return kv.Get, nil
	}}
}

// Open returns the table's rows, to be read by a processor of the same topology. It opens them once, where it is made;
// topology.WithStores need not name them.
func (t *Global[K, V]) Open(task state.Task) (*state.Reader[K, V], error) {
	kv, err := graph.OpenStore[*store.KeyValue[K, V]](task.Task(), t.x.Store)
	if err != nil {
		return nil, err
	}
	return state.ReaderOf(kv), nil
}
