package conformance

import (
	"time"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// drawing is a scenario's topology as it is drawn for one case, with keys and values of type S, and how what comes of it
// is read.
type drawing[S text] struct {
	b      *topology.Builder
	params Params
	input  []Step
	once   bool // callbacks are not pure: no second run through serdes
	topics map[string]topicReader
	stores map[string]storeReader
	kept   map[string]int64 // by window or session store: its retention in milliseconds
}

type (
	topicReader func(testkit.Produced) (Record, error)
	storeReader func(*testkit.Driver) []Row
)

func newDrawing[S text](p Params) *drawing[S] {
	return &drawing[S]{b: topology.New("conformance"), params: p, topics: map[string]topicReader{}, stores: map[string]storeReader{}, kept: map[string]int64{}}
}

// from is the stream of a topic.
func (x *drawing[S]) from(topic string, opts ...topology.Option) *stream.Stream[S, S] {
	return stream.From(x.b, topology.NewTopic[S, S](topic), opts...)
}

// table is the table of a topic; name is its store's.
func (x *drawing[S]) table(topic, name string) *table.Table[S, S] {
	return table.From(x.b, topology.NewTopic[S, S](topic), x.kv[S](name)...)
}

// to writes a stream to a topic whose records are read back by its types.
func (x *drawing[S]) to[K, V any](s *stream.Stream[K, V], topic string) {
	s.To(topology.NewTopic[K, V](topic))
	x.topics[topic] = topicReaderOf[K, V]()
}

// changes writes a table's changes to a topic.
func (x *drawing[S]) changes[K, V any](t *table.Table[K, V], topic string) {
	x.to(stream.Changes(t), topic)
}

// millis is a parameter of the case.
func (x *drawing[S]) millis(name string) time.Duration { return x.params.Millis(name) }

func (x *drawing[S]) tumbling() window.TimeWindow {
	return window.Tumbling(x.millis("sizeMs"), x.millis("graceMs"))
}

func (x *drawing[S]) hopping() window.TimeWindow {
	return window.Hopping(x.millis("sizeMs"), x.millis("advanceMs"), x.millis("graceMs"))
}

func (x *drawing[S]) sessions() window.SessionWindow {
	return window.Session(x.millis("gapMs"), x.millis("graceMs"))
}

// kind is the kind of store that the case asks for.
func (x *drawing[S]) kind() []topology.Option {
	if x.params.Text("store") == "inmemory" {
		return []topology.Option{topology.InMemory()}
	}
	return nil
}

// store names a store, of the kind and with the emission that the case asks for.
func (x *drawing[S]) store(name string) []topology.Option {
	opts := append(x.kind(), topology.As(name))
	if n, _ := x.params.Int("cacheMaxBytes"); n > 0 {
		opts = append(opts, topology.EmitOnCommit())
	}
	return opts
}

// kv names a key-value store whose rows are compared.
func (x *drawing[S]) kv[V any](name string) []topology.Option { return x.keyed[S, V](name) }

// keyed is kv with keys of another type.
func (x *drawing[S]) keyed[K, V any](name string) []topology.Option {
	x.stores[name] = func(d *testkit.Driver) []Row {
		var rows []Row
		for _, r := range d.Rows[K, V](name) {
			rows = append(rows, Row{Key: valueOf(r.Key), Value: valueOf(r.Value), Time: new(r.Timestamp)})
		}
		return rows
	}
	return x.store(name)
}

// plain is a key-value store for processors, whose rows are compared without the timestamps that Kafka Streams' has not.
func (x *drawing[S]) plain[V any](name string) *state.KeyValueSpec[S, V] {
	x.stores[name] = func(d *testkit.Driver) []Row {
		var rows []Row
		for _, r := range d.Rows[S, V](name) {
			rows = append(rows, Row{Key: valueOf(r.Key), Value: valueOf(r.Value)})
		}
		return rows
	}
	return state.KeyValue[S, V](name, x.kind()...)
}

// keep notes the retention of a store: the case's, or what its windows need.
func (x *drawing[S]) keep(name string, needed int64) {
	ms, _ := x.params.Int("retentionMs")
	x.kept[name] = max(ms, needed)
}

// win names the store of windows w.
func (x *drawing[S]) win[V any](name string, w window.TimeWindow) []topology.Option {
	x.keep(name, w.Retention())
	x.stores[name] = func(d *testkit.Driver) []Row {
		var rows []Row
		for _, r := range d.WindowRows[S, V](name) {
			rows = append(rows, Row{valueOf(r.Key), valueOf(r.Value), new(r.Timestamp), &Span{r.Start, w.End(r.Start)}})
		}
		return rows
	}
	return x.store(name)
}

// sess names a session store.
func (x *drawing[S]) sess[V any](name string) []topology.Option {
	x.keep(name, x.sessions().Retention())
	x.stores[name] = func(d *testkit.Driver) []Row {
		var rows []Row
		for _, r := range d.SessionRows[S, V](name) {
			rows = append(rows, Row{Key: valueOf(r.Key.Key), Value: valueOf(r.Value), Window: &Span{r.Key.Start, r.Key.End}})
		}
		return rows
	}
	return x.store(name)
}

func valueOf[V any](v V) Value {
	switch v := any(v).(type) {
	case string:
		return Text(v)
	case *string:
		if v != nil {
			return Text(*v)
		}
	case int64:
		return Number(v)
	}
	return Value{}
}

// topicReaderOf reads a topic with keys of type K, which are text or window.Key of text, and values that are text or int64.
func topicReaderOf[K, V any]() topicReader {
	_, windowed := any(*new(K)).(interface {
		KeySerde() (serde.Serde[K], error)
	})
	_, counts := any(*new(V)).(int64)
	keys := window.KeySerde(serde.String())
	return func(p testkit.Produced) (Record, error) {
		r := plainRecord(p)
		if windowed && p.Key != nil {
			k, err := keys.Decode(p.Key)
			if err != nil {
				return r, err
			}
			r.Key, r.Window = Text(k.Key), &Span{k.Start, k.End}
		}
		if counts && p.Value != nil {
			n, err := serde.Int64().Decode(p.Value)
			if err != nil {
				return r, err
			}
			r.Value = Number(n)
		}
		return r, nil
	}
}

// plainRecord reads a record as text.
func plainRecord(p testkit.Produced) Record {
	r := Record{Topic: p.Topic, Key: ofBytes(p.Key), Value: ofBytes(p.Value), Time: p.Timestamp}
	for _, h := range p.Headers {
		r.Headers = append(r.Headers, Header{h.Key, ofBytes(h.Value)})
	}
	return r
}

func ofBytes(b []byte) Value {
	if b == nil {
		return Value{}
	}
	return Text(string(b))
}
