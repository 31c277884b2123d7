package chaos

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace/bench"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// job is a topology of [program], what goes into it, and how its output is looked at.
type job struct {
	program  string
	draw     func(app string, topics []string) (*topology.Topology, error)
	topics   []brokertest.Topic  // the first is fed, the last ones are outputs
	outputs  int                 // how many of them
	before   []brokertest.Record // for the second topic, if that is an input
	records  []brokertest.Record // for the first topic
	identity func(brokertest.Record) string
}

func (j *job) names() []string {
	var names []string
	for _, t := range j.topics {
		names = append(names, t.Name)
	}
	return names
}

func (j *job) outs() []string { return j.names()[len(j.topics)-j.outputs:] }

const gap = time.Minute

// words counts words in windows behind a repartition topic, and lines by who wrote them in sessions before it. Topics: the
// lines, the counts, the sessions.
func words(app string, topics []string) (*topology.Topology, error) {
	b := topology.New(app)
	lines := stream.From(b, topology.NewTopic[string, string](topics[0]))
	counts := lines.FlatMapValues(strings.Fields).
		GroupBy(func(_, word string) string { return word }, topology.As("words"), topology.Partitions(4)).
		WindowedBy(window.Tumbling(gap, 24*time.Hour)).
		Count(topology.As("counts"))
	stream.Changes(counts).To(topology.NewTopic[window.Key[string], int64](topics[1]))
	visits := lines.GroupByKey().
		WindowedBySession(window.Session(gap, 24*time.Hour)).
		Count(topology.As("visits"))
	stream.Changes(visits).To(topology.NewTopic[window.Key[string], int64](topics[2]))
	return b.Build()
}

// wordsJob has n lines of writers that come back every ten minutes, for ten lines each time. They are of the last hours: the
// brokers delete what is older than the windows' grace from their changelogs.
func wordsJob(t *testing.T, n int) *job {
	t.Helper()
	const writers, vocabulary = 200, 300
	j := &job{program: "words", draw: words, outputs: 2, topics: []brokertest.Topic{
		{Name: brokertest.UniqueName(t, "lines"), Partitions: 6},
		{Name: brokertest.UniqueName(t, "counts"), Partitions: 3},
		{Name: brokertest.UniqueName(t, "visits"), Partitions: 3},
	}}
	j.identity = func(r brokertest.Record) string { return string(r.Key) }
	begin := time.Now().Truncate(gap).Add(-12 * time.Hour)
	for i := range n {
		visit, line := i/writers/10, i/writers%10
		at := begin.Add(time.Duration(visit)*10*gap + time.Duration(line)*gap/2)
		text := fmt.Sprint("w", 3*i%vocabulary, " w", (3*i+1)%vocabulary, " w", (3*i+2)%vocabulary)
		j.records = append(j.records, brokertest.Record{Key: fmt.Append(nil, "writer", i%writers), Value: []byte(text), Timestamp: at})
	}
	return j
}

// plates is the job of record. Topics: the images, the metadata, the sites.
func plates(app string, topics []string) (*topology.Topology, error) {
	return bench.ByHand(app, bench.Names{Images: topics[0], Metadata: topics[1], Sites: topics[2]})
}

// platesJob has the images of n plates.
func platesJob(t *testing.T, n int) *job {
	t.Helper()
	j := &job{program: "plates", draw: plates, outputs: 1, topics: []brokertest.Topic{
		{Name: brokertest.UniqueName(t, "images"), Partitions: 4},
		{Name: brokertest.UniqueName(t, "metadata"), Partitions: 4, Config: map[string]string{"cleanup.policy": "compact"}},
		{Name: brokertest.UniqueName(t, "sites"), Partitions: 4},
	}}
	j.identity = func(r brokertest.Record) string {
		site, err := bench.SiteSerde().Decode(r.Value)
		if err != nil {
			return fmt.Sprintf("no site: %q", r.Value)
		}
		return site.ID()
	}
	start := time.Now().Add(-24 * time.Hour).UnixMilli()
	for plate := range n {
		about, err := bench.MetadataEvent(plate, start)
		if err != nil {
			t.Fatal(err)
		}
		j.before = append(j.before, recordOf(about))
		images, err := bench.PlateEvents(plate, start, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, image := range images {
			j.records = append(j.records, recordOf(image))
		}
	}
	return j
}

func recordOf(e bench.Event) brokertest.Record {
	return brokertest.Record{Key: e.Key, Value: e.Value, Timestamp: time.UnixMilli(e.TS)}
}
