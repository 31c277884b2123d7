package millrace_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// scored joins files with scores by their values, both re-keyed; a file without a score is told of when a minute has passed.
func scored(tb testing.TB, app, files, scores, out string) *topology.Topology {
	tb.Helper()
	b := topology.New(app)
	site := func(_, v string) string { return v[1:] }
	stream.From(b, topology.NewTopic[string, string](files)).SelectKey(site).
		LeftJoinStream(stream.From(b, topology.NewTopic[string, string](scores)).SelectKey(site), window.Joined(time.Minute, time.Minute),
			func(file, score string, ok bool) string { return fmt.Sprint(file, " ", score, ok) }, topology.As("scored")).
		To(topology.NewTopic[string, string](out))
	topo, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	return topo
}

// TestJoinStreamRestored stops a join and takes its disk away: what waits for a partner waits on, and finds it.
func TestJoinStreamRestored(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.InstanceID = "me" // not waiting for another's session to end
	id := newApp(t, cfg.Bootstrap)
	files, out := topics(t, cfg.Bootstrap, 2, 1)
	scores := brokertest.UniqueName(t, "scores")
	brokertest.Topics(t, cfg.Bootstrap, brokertest.Topic{Name: scores, Partitions: 3})
	topo := scored(t, id, files, scores, out)
	begin := time.Now().Add(-time.Hour)
	produce := func(topic, kind string, after time.Duration, sites ...int) {
		for _, s := range sites {
			brokertest.Produce(t, cfg.Bootstrap, topic, brokertest.Record{
				Key: fmt.Append(nil, s), Value: fmt.Append(nil, kind, s), Timestamp: begin.Add(after + time.Duration(s)*time.Millisecond),
			})
		}
	}
	produce(files, "f", 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	produce(scores, "s", time.Second, 0, 2, 4, 6, 8)
	a := start(t, topo, cfg)
	brokertest.Consume(t, cfg.Bootstrap, out, 5, longest)
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	check(t, os.RemoveAll(cfg.StateDir))
	a = start(t, topo, cfg)
	produce(scores, "s", 2*time.Second, 1, 3, 5, 7)
	brokertest.Consume(t, cfg.Bootstrap, out, 9, longest)
	for s := range 200 { // a record for each partition, at last
		produce(files, "f", 10*time.Minute, 1000+s)
	}
	got := brokertest.Consume(t, cfg.Bootstrap, out, 10, longest)
	if err := a.shutdown(); err != nil {
		t.Fatal(err)
	}
	var want, values []string
	for s := range 9 {
		want = append(want, fmt.Sprintf("f%d s%dtrue", s, s))
	}
	for _, r := range got {
		values = append(values, string(r.Value))
	}
	slices.Sort(values)
	if diff := cmp.Diff(append(want, "f9 false"), values); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
