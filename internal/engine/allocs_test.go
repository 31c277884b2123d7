package engine_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/invariants"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// picture is a value with a codec of its own, as a hot path has it: one string, which decoding must copy.
type picture struct {
	path    string
	channel int64
}

type pictures struct{}

func (pictures) Append(dst []byte, p picture) ([]byte, error) {
	return append(binary.BigEndian.AppendUint64(dst, uint64(p.channel)), p.path...), nil
}

func (pictures) Decode(src []byte) (picture, error) {
	return picture{string(src[8:]), int64(binary.BigEndian.Uint64(src))}, nil
}

// progress is an aggregate that is changed in place.
type progress struct{ channels, count int64 }

type progresses struct{}

func (progresses) Append(dst []byte, p *progress) ([]byte, error) {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, uint64(p.channels)), uint64(p.count)), nil
}

func (progresses) Decode(src []byte) (*progress, error) {
	return &progress{int64(binary.BigEndian.Uint64(src)), int64(binary.BigEndian.Uint64(src[8:]))}, nil
}

func observe(p *progress, _ string, i picture) *progress {
	if p == nil {
		p = &progress{}
	}
	p.channels |= 1 << i.channel
	p.count++
	return p
}

func mergeProgress(p *progress, _ string, o *progress) *progress { return o }

// What a record on the hot path allocates is only what its own types need. More is a record or a value that was boxed, a
// closure made per record, or a buffer that is not used again.
func TestAllocations(t *testing.T) {
	if invariants.Enabled {
		t.Skip("the race detector and the invariants allocate")
	}
	in := topology.Topic[string, picture]{Name: "left", Value: pictures{}}
	aggregate := func(s *stream.Stream[string, picture], opts ...topology.Option) {
		opts = append(opts, topology.As("progress"), topology.WithValueSerde(serde.Serde[*progress](progresses{})))
		t := s.GroupByKey().WindowedBySession(window.Session(time.Hour, time.Hour)).Aggregate(func() *progress { return nil }, observe, mergeProgress, opts...)
		stream.Changes(t).To(topology.Topic[window.Key[string], *progress]{Name: "out", Value: progresses{}})
	}
	for _, row := range []struct {
		name string
		draw func(s *stream.Stream[string, picture])
		want float64
	}{
		// The key's string and the path's: a decoded string is a copy.
		{"decode and filter", func(s *stream.Stream[string, picture]) { s.Filter(func(string, picture) bool { return true }) }, 2},
		// Nothing more: the value's bytes and the encoder's buffers are used again.
		{"re-key and repartition", func(s *stream.Stream[string, picture]) {
			s.SelectKey(func(_ string, p picture) string { return p.path }).Repartition(topology.As("again"))
		}, 2},
		// Nothing more: the aggregate is changed in place and the row is encoded at the commit.
		{"session aggregate, emitted on commit", func(s *stream.Stream[string, picture]) { aggregate(s, topology.EmitOnCommit()) }, 2},
		{"session aggregate, emitted at once", func(s *stream.Stream[string, picture]) { aggregate(s) }, 2},
		// Nothing more: a count is a number in the overlay.
		{"count", func(s *stream.Stream[string, picture]) { s.GroupByKey().Count(topology.As("n")) }, 2},
		{"windowed count", func(s *stream.Stream[string, picture]) {
			s.GroupByKey().WindowedBy(window.Tumbling(time.Hour, 0)).Count(topology.As("n"))
		}, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := topology.New("allocations")
			row.draw(stream.From(b, in))
			plan, err := engine.NewPlan(topology.Must(b.Build()).Graph(), func(string) (int32, error) { return 1, nil })
			noError(t, err)
			task, err := engine.NewTask(plan.Config(engine.TaskID{}, engine.Config{
				Disk: memdb.New(), Emit: func(*graph.Effect) error { return nil },
			}))
			noError(t, err)
			value, err := pictures{}.Append(nil, picture{"a/path/of/an/image.tiff", 3})
			noError(t, err)
			rec := []graph.Raw{{Key: []byte("plate 1, well A01, site 1"), Value: value, Timestamp: 1_000}}
			got := testing.AllocsPerRun(1000, func() {
				task.Add("left", rec...)
				if n, err := task.Process(1); n != 1 || err != nil {
					t.Fatalf("Process = %d, %v", n, err)
				}
				rec[0].Offset++
				rec[0].Timestamp++
			})
			if got > row.want {
				t.Errorf("%v allocations a record, at most %v", got, row.want)
			}
			t.Logf("%v allocations a record", got)
		})
	}
}
