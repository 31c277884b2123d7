package sim

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
	"github.com/millrace-go/millrace/topology"
)

// Job is an application to be run: what it reads, what it is, and what must come out.
type Job struct {
	Name string
	// Topics are those of the user.
	Topics []transport.TopicSpec
	// Sources are those of them that are read.
	Sources []string
	Build   func(app string) (*topology.Topology, error)
	// Records is how many are written while there is trouble. Record is one of them, in order.
	Records int
	Record  func(i int, rnd *rand.Rand) Input
	// Settled is how many come at once, before all others and outside of transactions.
	Settled int
	// Check compares what was written to the topic out with the committed records of the sources.
	Check func(in map[string][]graph.Raw, out []graph.Raw) error
}

// Input is a record of a source.
type Input struct {
	Topic      string
	Key, Value []byte
	Timestamp  int64
}

// reads says whether the application reads a topic.
func (j *Job) reads(topic string) bool {
	return slices.Contains(j.Sources, topic) || strings.HasSuffix(topic, "-repartition")
}

// verify checks what came out.
func (w *World) verify() error {
	in := map[string][]graph.Raw{}
	for _, name := range w.job.Sources {
		in[name] = w.committed(name)
	}
	return w.job.Check(in, w.committed("out"))
}

// committed reads a topic, partition by partition.
func (w *World) committed(topic string) (list []graph.Raw) {
	for _, p := range w.cluster.topics[topic].parts {
		for from := p.start; ; {
			var some []graph.Raw
			some, from = p.read(from, 1000)
			list = append(list, some...)
			if len(some) == 0 {
				break
			}
		}
	}
	return list
}
