package stream_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// Whatever key is forwarded, the record's own stays, a null one too, and counting needs no repartition.
func TestProcessFixedKeyKeepsTheKey(t *testing.T) {
	t.Parallel()
	in, out := topology.NewTopic[string, string]("in"), topology.NewTopic[string, string]("out")
	b := topology.New("fixed")
	s := stream.From(b, in).ProcessFixedKey(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		return func(r stream.Record[string, string]) error {
			r.Key, r.NullKey = "another", false
			if err := c.Forward(r); err != nil {
				return err
			}
			r.Value += "!"
			return c.Forward(r)
		}, nil
	})
	s.To(out)
	s.GroupByKey().Count(topology.As("counts"))
	topo := topology.Must(b.Build())
	if strings.Contains(topo.Describe(), "repartition") {
		t.Errorf("there is a repartition in\n%s", topo.Describe())
	}
	d := testkit.New(t, topo)
	d.Input(in).Pipe("k", "v", 1)
	d.PipeBytes("in", nil, []byte("v"), 2)
	var got []string
	for _, r := range d.Output(out).ReadAll() {
		got = append(got, r.String())
	}
	if diff := cmp.Diff([]string{"k -> v at 1", "k -> v! at 1", "null -> v at 2", "null -> v! at 2"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestProcessFixedKeyInAPunctuation(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	b := topology.New("fixed")
	stream.From(b, in).ProcessFixedKey(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		var refused error
		c.Every(time.Second, func(int64) error {
			refused = c.Forward(stream.Record[string, string]{Key: "k"})
			return nil
		})
		return func(r stream.Record[string, string]) error {
			if refused == nil || !strings.Contains(refused.Error(), "use Process") {
				t.Errorf("a punctuation forwards with %v", refused)
			}
			return nil
		}, nil
	})
	d := testkit.New(t, topology.Must(b.Build()), testkit.Once())
	d.Advance(2 * time.Second)
	d.Input(in).Pipe("k", "v", 1)
}
