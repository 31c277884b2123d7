package sim

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// Count counts words: a repartition topic, and a table whose changes come out. Each count of a word is one more than the
// one before, and the last is how often the word was said. The table is on disk, or in memory: then each restore begins at
// the changelog's start.
func Count(options ...topology.Option) Job {
	return Job{
		Name:    "count",
		Topics:  []transport.TopicSpec{{Name: "in", Partitions: 3}, {Name: "out", Partitions: 2}},
		Sources: []string{"in"},
		Build: func(app string) (*topology.Topology, error) {
			b := topology.New(app)
			counts := stream.From(b, topology.NewTopic[string, string]("in")).
				FlatMapValues(strings.Fields).
				GroupBy(func(_, word string) string { return word }, topology.As("words"), topology.Partitions(2)).
				Count(append(options, topology.As("counts"))...)
			stream.Changes(counts).To(topology.NewTopic[string, int64]("out"))
			return b.Build()
		},
		Records: 120,
		Record: func(i int, rnd *rand.Rand) Input {
			return Input{
				Topic: "in", Key: fmt.Append(nil, i), Value: fmt.Appendf(nil, "w%d w%d", rnd.IntN(10), rnd.IntN(10)),
				Timestamp: time.Now().UnixMilli(),
			}
		},
		Check: func(in map[string][]graph.Raw, out []graph.Raw) error {
			want := map[string]int64{}
			for _, r := range in["in"] {
				for word := range strings.FieldsSeq(string(r.Value)) {
					want[word]++
				}
			}
			got := map[string]int64{}
			for _, r := range out {
				n, word := int64(binary.BigEndian.Uint64(r.Value)), string(r.Key)
				if n != got[word]+1 {
					return fmt.Errorf("word %q: count %d came after %d (partition %d, offset %d)", word, n, got[word], r.Partition, r.Offset)
				}
				got[word] = n
			}
			return same(want, got)
		},
	}
}

// same compares what was to come out with what did, by key.
func same[V comparable](want, got map[string]V) error {
	for k, v := range want {
		if got[k] != v {
			return fmt.Errorf("%q: got %v, want %v", k, got[k], v)
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok {
			return fmt.Errorf("%q: got %v, want nothing", k, v)
		}
	}
	return nil
}
