package sim

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// Finals counts records by key in windows, and tells of each window once, when it is closed: what a task knows beside its
// stores, its stream time, must be as old as they are.
func Finals() Job {
	const size = 5 * time.Second
	return Job{
		Name:    "finals",
		Topics:  []transport.TopicSpec{{Name: "in", Partitions: 3}, {Name: "out", Partitions: 2}},
		Sources: []string{"in"},
		Build: func(app string) (*topology.Topology, error) {
			b := topology.New(app)
			counts := stream.From(b, topology.NewTopic[string, string]("in")).GroupByKey().
				WindowedBy(window.Tumbling(size, 0)).
				Count(topology.As("counts"), topology.EmitOnWindowClose())
			stream.Changes(counts).
				Map(func(k window.Key[string], n int64) (string, int64) { return fmt.Sprint(k.Key, " ", k.Start), n }).
				To(topology.NewTopic[string, int64]("out"))
			return b.Build()
		},
		Records: 120,
		Record: func(i int, rnd *rand.Rand) Input {
			return Input{Topic: "in", Key: fmt.Append(nil, "k", rnd.IntN(8)), Value: []byte("v"), Timestamp: 1_000_000 + int64(i)*300}
		},
		Check: func(in map[string][]graph.Raw, out []graph.Raw) error {
			want, latest := map[string]int64{}, map[int32]int64{}
			window := func(r *graph.Raw) int64 { return r.Timestamp - r.Timestamp%size.Milliseconds() }
			for _, r := range in["in"] {
				latest[r.Partition] = max(latest[r.Partition], r.Timestamp)
			}
			for i := range in["in"] {
				if r := &in["in"][i]; window(r)+size.Milliseconds() <= latest[r.Partition] {
					want[fmt.Sprint(string(r.Key), " ", window(r))]++
				}
			}
			got := map[string]int64{}
			for _, r := range out {
				key := string(r.Key)
				if _, again := got[key]; again {
					return fmt.Errorf("%s came again (partition %d, offset %d)", key, r.Partition, r.Offset)
				}
				got[key] = int64(binary.BigEndian.Uint64(r.Value))
			}
			return same(want, got)
		},
	}
}
