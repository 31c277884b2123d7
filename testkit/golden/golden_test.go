package golden_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit/golden"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

type image struct {
	Site    string
	Channel int
}

var (
	words   = topology.NewTopic[string, string]("words")
	counts  = topology.NewTopic[string, int64]("counts")
	images  = topology.NewTopic[string, image]("images")
	sites   = topology.NewTopic[window.Key[string], int64]("sites")
	hours   = topology.NewTopic[window.Key[string], int64]("hours")
	plates  = topology.NewTopic[string, string]("plates")
	labeled = topology.NewTopic[string, string]("labeled")
)

// wordCount counts words; it fails at the word "fail".
func wordCount(b *topology.Builder) *stream.Stream[string, string] {
	in := stream.From(b, words)
	byWord := in.FlatMapValues(strings.Fields).
		ProcessValues(func(_ context.Context, r stream.Record[string, string]) (string, error) {
			if r.Value == "fail" {
				return "", errors.New("a word that fails")
			}
			return r.Value, nil
		}).
		GroupBy(func(_, w string) string { return w }, topology.As("by-word"))
	stream.Changes(byWord.Count(topology.As("counts"))).To(counts)
	return in
}

func counting(b *topology.Builder) { wordCount(b) }

// imaging counts images by site in sessions and in hours, and labels sites by their plate.
func imaging(b *topology.Builder) {
	taken := stream.From(b, images)
	bySite := taken.GroupBy(func(_ string, i image) string { return i.Site }, topology.As("by-site"))
	stream.Changes(bySite.WindowedBySession(window.Session(time.Minute, 0)).Count(topology.As("sessions"))).To(sites)
	stream.Changes(bySite.WindowedBy(window.Tumbling(time.Hour, 0)).Count(topology.As("by-hour"))).To(hours)
	taken.MapValues(func(i image) string { return i.Site }).
		JoinTable(table.From(b, plates), func(site, plate string) string { return plate + "/" + site }).To(labeled)
}

func build(t *testing.T, draw ...func(*topology.Builder)) *topology.Topology {
	t.Helper()
	b := topology.New("app")
	for _, d := range draw {
		d(b)
	}
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return topo
}

func TestScripts(t *testing.T) {
	t.Parallel()
	golden.Scripts(t, "testdata/words*.txt", build(t, counting), golden.Topic(words), golden.Topic(counts), golden.Rows[string, int64]("counts"))
	golden.Scripts(t, "testdata/images*.txt", build(t, imaging), golden.Topic(images), golden.Topic(plates), golden.Topic(sites), golden.Topic(hours),
		golden.Topic(labeled), golden.Sessions[string, int64]("sessions"), golden.Windows[string, int64]("by-hour"))
}

// A callback that is not pure is found when a script ends, or starts anew.
func TestSecondRun(t *testing.T) {
	t.Parallel()
	calls := 0
	topo := build(t, func(b *topology.Builder) {
		stream.From(b, words).MapValues(func(string) int64 { calls++; return int64(calls) }).To(counts)
	})
	golden.Scripts(t, "testdata/impure.txt", topo, golden.Topic(words), golden.Topic(counts))
}

func TestTopology(t *testing.T) {
	t.Parallel()
	golden.Topology(t, "testdata/imaging.golden", build(t, imaging))
}

// Nothing that is drawn before, after or beside renames or moves anything: the lines of the topology are all there, in
// their order, and only an operator that feeds something new says so.
func TestNamesNeverShift(t *testing.T) {
	t.Parallel()
	old := golden.Describe(build(t, imaging, counting))
	other := func(b *topology.Builder) {
		topic := topology.NewTopic[string, string]("another")
		s := stream.From(b, topic).Filter(func(_, v string) bool { return v != "" })
		s.GroupByKey().Count(topology.As("another-count"))
		stream.From(b, topology.NewTopic[string, string]("a-first")).Merge(s).To(topology.NewTopic[string, string]("z-last"))
	}
	for name, draw := range map[string][]func(*topology.Builder){
		"before":  {other, imaging, counting},
		"between": {imaging, other, counting},
		"after":   {imaging, counting, other},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			missing := lacks(golden.Describe(build(t, draw...)), old)
			for _, line := range missing {
				t.Errorf("the line %q is gone or has moved", line)
			}
		})
	}
	// Another child of an operator that is there already.
	beside := func(b *topology.Builder) {
		in := wordCount(b)
		in.MapValues(strings.ToUpper).Filter(func(_, v string) bool { return v != "" }).To(topology.NewTopic[string, string]("loud"))
	}
	before, after := golden.Describe(build(t, counting)), golden.Describe(build(t, beside))
	for _, line := range lacks(after, before) {
		if !strings.HasPrefix(strings.TrimSpace(line), "-->") {
			t.Errorf("the line %q is gone or has moved", line)
		}
	}
	if renamed := lacks(golden.Describe(build(t, func(b *topology.Builder) {
		stream.From(b, words).Map(func(k, v string) (string, string) { return k, v }).To(topology.NewTopic[string, string]("counts"))
	})), before); len(renamed) == 0 {
		t.Error("another topology has all the lines, so the test proves nothing")
	}
}

// lacks gives the lines that are not in text in the order of lines.
func lacks(text, lines string) []string {
	var missing []string
	rest := strings.Split(text, "\n")
next:
	for line := range strings.SplitSeq(lines, "\n") {
		for i, l := range rest {
			if l == line {
				rest = rest[i+1:]
				continue next
			}
		}
		missing = append(missing, line)
	}
	return missing
}

func ExampleDescribe() {
	b := topology.New("app")
	stream.From(b, words).MapValues(strings.ToUpper).To(topology.NewTopic[string, string]("loud"))
	fmt.Print(golden.Describe(topology.Must(b.Build())))
	// Output:
	// Topologies:
	//    Sub-topology: words
	//     Source: words.source (topics: [words])
	//       --> words.source.map-values
	//     Processor: words.source.map-values (stores: [])
	//       --> words.source.map-values.to
	//       <-- words.source
	//     Sink: words.source.map-values.to (topic: loud)
	//       <-- words.source.map-values
}
