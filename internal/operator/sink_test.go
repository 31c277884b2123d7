package operator_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/murmur2"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

var in = topology.NewTopic[*string, *string]("in")

func deref(_, v *string) *string { return v }

// Repartitioning sends a record where its new key belongs. Null keys do not pass, uncounted; an empty key is a key.
func TestRepartitioned(t *testing.T) {
	t.Parallel()
	b := topology.New("keys")
	stream.From(b, in).SelectKey(deref).Repartition(topology.As("again")).To(topology.NewTopic[*string, *string]("out"))
	topo := topology.Must(b.Build())
	r := open(t, topo, 0, engine.Config{})
	var want []string
	for _, k := range []string{"a", "b", "", "some longer key"} {
		noError(t, r.pipe("in", []byte("ignored"), []byte(k)))
		want = append(want, "app-again-repartition["+string(rune('0'+murmur2.Partition([]byte(k), partitions)))+`] "`+k+`"="`+k+`" x`)
	}
	noError(t, r.pipe("in", []byte("ignored"), nil))
	if diff := cmp.Diff(want, r.take()); diff != "" {
		t.Error(diff)
	}
	if n := r.Counters().Dropped; n != 0 {
		t.Errorf("%d records are counted as dropped, want none", n)
	}
	after := open(t, topo, 1, engine.Config{})
	noError(t, after.pipe("-again-repartition", []byte("a"), []byte("v")))
	noError(t, after.pipe("-again-repartition", []byte("a"), nil))
	p := string(rune('0' + murmur2.Partition([]byte("a"), partitions)))
	if diff := cmp.Diff([]string{"out[" + p + `] "a"="v" x`, "out[" + p + `] "a"=null x`}, after.take()); diff != "" {
		t.Error(diff)
	}
}

// Only a changed key costs a repartition, and only once.
func TestThrough(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		draw func(s *stream.Stream[*string, *string])
		want int // internal topics
	}{
		{"the key as it came", func(s *stream.Stream[*string, *string]) { s.GroupByKey().Count(topology.As("n")) }, 0},
		{"values changed", func(s *stream.Stream[*string, *string]) {
			s.MapValues(func(v *string) *string { return v }).GroupByKey().Count(topology.As("n"))
		}, 0},
		{"key changed", func(s *stream.Stream[*string, *string]) { s.SelectKey(deref).GroupByKey().Count(topology.As("n")) }, 1},
		{"key changed, repartitioned already", func(s *stream.Stream[*string, *string]) {
			s.SelectKey(deref).Repartition(topology.As("again")).GroupByKey().Count(topology.As("n"))
		}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("through")
			row.draw(stream.From(b, in))
			n := 0
			for _, tp := range topology.Must(b.Build()).Graph().Topics {
				if tp.Role == graph.Repartition {
					n++
				}
			}
			if n != row.want {
				t.Errorf("%d repartition topics, want %d", n, row.want)
			}
		})
	}
}

// reversed is a serde of its own, so that passing bytes on and encoding them again differ.
type reversed struct{}

func (reversed) Append(dst []byte, v *string) ([]byte, error) {
	for i := len(*v) - 1; i >= 0; i-- {
		dst = append(dst, (*v)[i])
	}
	return dst, nil
}

func (reversed) Decode(src []byte) (*string, error) {
	b, err := reversed{}.Append(nil, new(string(src)))
	return new(string(b)), err
}

// The bytes of a value that nothing has changed are passed on as they came, unless the sink has another serde.
func TestBytesPassedOn(t *testing.T) {
	t.Parallel()
	counting := &encodes{}
	source := topology.Topic[*string, *string]{Name: "in", Value: counting}
	b := topology.New("bytes")
	s := stream.From(b, source).SelectKey(func(k, _ *string) *string { return k })
	s.To(topology.Topic[*string, *string]{Name: "same", Value: counting})
	s.To(topology.Topic[*string, *string]{Name: "reversed", Value: reversed{}})
	s.MapValues(func(v *string) *string { return v }).To(topology.Topic[*string, *string]{Name: "mapped", Value: counting})
	r := open(t, topology.Must(b.Build()), 0, engine.Config{})
	noError(t, r.pipe("in", []byte("a"), []byte("ab")))
	var got []string
	for _, e := range r.got {
		got = append(got, e.Topic.Name+" "+string(e.Value))
	}
	if diff := cmp.Diff([]string{"same ab", "reversed ba", "mapped ab"}, got); diff != "" {
		t.Error(diff)
	}
	if counting.n != 1 {
		t.Errorf("the value was encoded %d times, want once, after MapValues", counting.n)
	}
}

type encodes struct{ n int }

func (e *encodes) Append(dst []byte, v *string) ([]byte, error) {
	e.n++
	return append(dst, *v...), nil
}
func (*encodes) Decode(src []byte) (*string, error) { return new(string(src)), nil }

// A record whose key is windowed goes where its inner key goes; a null key goes anywhere.
func TestPartitions(t *testing.T) {
	t.Parallel()
	b := topology.New("partitions")
	s := stream.From(b, topology.NewTopic[string, string]("in"))
	s.To(topology.NewTopic[string, string]("plain"))
	counts := s.GroupByKey().WindowedBy(window.Tumbling(time.Second, 0)).Count(topology.As("counts"))
	stream.Changes(counts).To(topology.NewTopic[window.Key[string], int64]("windowed"))
	r := open(t, topology.Must(b.Build()), 0, engine.Config{})
	for _, k := range []string{"a", "b", "c", "a longer one"} {
		noError(t, r.pipe("in", []byte(k), []byte("v")))
		want := murmur2.Partition([]byte(k), partitions)
		for _, e := range r.got {
			if e.Partition != want {
				t.Errorf("key %q goes to partition %d of %s, want %d", k, e.Partition, e.Topic.Name, want)
			}
		}
		r.got = nil
	}
	noError(t, r.pipe("in", nil, []byte("v")))
	if len(r.got) != 1 || r.got[0].Partition != graph.AnyPartition {
		t.Errorf("a null key gives %+v, want any partition", r.got)
	}
}

// A sink whose topic is chosen per record partitions as any other; a topic that nobody knows, and none at all, are errors of
// the record, for the policy to judge.
func TestDynamicSink(t *testing.T) {
	t.Parallel()
	b := topology.New("dynamic")
	stream.From(b, topology.NewTopic[string, string]("in")).ToFunc(func(r stream.Record[string, string]) string { return r.Value }, topology.As("sink"))
	stream.From(b, topology.NewTopic[string, string]("known"))
	topo := topology.Must(b.Build())
	cfg := engine.Config{UserCount: func(topic string) (int32, error) {
		switch topic {
		case "elsewhere":
			return 3, nil
		case "unsaid":
			return 0, nil
		default:
			return 0, graph.ErrUnknownTopic
		}
	}}
	r := open(t, topo, 0, cfg)
	digit := func(n int32) string { return string(rune('0' + murmur2.Partition([]byte("a"), n))) }
	for topic, want := range map[string]string{
		"known":     "known[" + digit(partitions) + `] "a"="known" x`,
		"elsewhere": "elsewhere[" + digit(3) + `] "a"="elsewhere" x`,
		"unsaid":    `unsaid[-1] "a"="unsaid" x`,
	} {
		noError(t, r.pipe("in", []byte("a"), []byte(topic)))
		if diff := cmp.Diff([]string{want}, r.take()); diff != "" {
			t.Error(diff)
		}
	}
	var u *graph.UserError
	if err := r.pipe("in", []byte("a"), []byte("missing")); !errors.Is(err, graph.ErrUnknownTopic) || !errors.As(err, &u) || u.Node.Name != "sink" {
		t.Errorf("a topic that nobody knows: %v", err)
	}
	r = open(t, topo, 0, cfg)
	if err := r.pipe("in", []byte("a"), []byte("")); !errors.As(err, &u) || !strings.Contains(err.Error(), "no topic") {
		t.Errorf("no topic: %v", err)
	}
	cfg.OnProcess = func(*engine.RecordError) engine.Verdict { return engine.Ignore }
	r = open(t, topo, 0, cfg)
	for _, topic := range []string{"", "missing", "known"} {
		noError(t, r.pipe("in", []byte("a"), []byte(topic)))
	}
	if n := r.Counters().Dropped; n != 2 || len(r.got) != 1 {
		t.Errorf("%d records dropped, %d produced, want 2 and 1", n, len(r.got))
	}
}

// A value that the store's serde refuses is its record's fault.
func TestTableRefusesValue(t *testing.T) {
	t.Parallel()
	b := topology.New("refused")
	stream.From(b, topology.NewTopic[string, string]("in")).MapValues(func(v string) []string { return []string{v} }).
		ToTable(topology.As("rows"), topology.WithValueSerde[[]string](refusing{}))
	r := open(t, topology.Must(b.Build()), 0, engine.Config{})
	var u *graph.UserError
	if err := r.pipe("in", []byte("k"), []byte("bad")); !errors.Is(err, errOneWay) || !errors.As(err, &u) {
		t.Errorf("got %v", err)
	}
}

type refusing struct{}

func (refusing) Append([]byte, []string) ([]byte, error) { return nil, errOneWay }
func (refusing) Decode([]byte) ([]string, error)         { return nil, errOneWay }

var _ serde.Serde[*string] = reversed{}
