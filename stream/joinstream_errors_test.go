package stream_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// places are the parts of a text that change when this file does.
var places = regexp.MustCompile(`(?m)^joinstream_errors_test\.go:\d+: `)

// A mistake names the operator, where it was called, and what to change.
func TestJoinStreamErrors(t *testing.T) {
	t.Parallel()
	key := func(_, v string) string { return v }
	for _, tc := range []struct {
		name string
		draw func(l, r texts)
		want string
	}{
		{"no joiner", func(l, r texts) { l.JoinStream[string, string](r, tenMs, nil, joinName) }, "join-stream: the joiner is nil: give a function"},
		{"no left joiner", func(l, r texts) { l.LeftJoinStream[string, string](r, tenMs, nil, joinName) }, "left-join-stream: the joiner is nil: give a function"},
		{"no outer joiner", func(l, r texts) { l.OuterJoinStream[string, string](r, tenMs, nil, joinName) }, "outer-join-stream: the joiner is nil: give a function"},
		{"no other stream", func(l, _ texts) { l.JoinStream(nil, tenMs, both, joinName) }, "join-stream: the other stream is nil: give a stream of this Builder"},
		{
			"another topology's", func(l, _ texts) {
				l.JoinStream(stream.From(topology.New("other"), rights), tenMs, both, joinName)
			},
			"join-stream: the other stream is of another topology: streams of one Builder can be joined",
		},
		{
			"no name", func(l, r texts) { l.JoinStream(r, tenMs, both) },
			`join-stream: creates stores and needs a name that stays when the topology changes: add topology.As("...")`,
		},
		{
			"no window", func(l, r texts) { l.LeftJoinStream(r, window.JoinWindow{}, leftOnly, joinName) },
			"left-join-stream: window: a JoinWindow is made with Joined, this one is empty",
		},
		{
			"a negative window", func(l, r texts) { l.OuterJoinStream(r, window.Joined(-time.Second, 0), either, joinName) },
			"outer-join-stream: window: Joined(-1s, 0s): diff is negative: make it at least 0",
		},
		{
			"a negative grace", func(l, r texts) { l.JoinStream(r, window.Joined(time.Second, -time.Second), both, joinName) },
			"join-stream: window: Joined(1s, -1s): grace is negative: make it at least 0",
		},
		{
			"a window that ends before it begins", func(l, r texts) { l.JoinStream(r, tenMs.Before(-time.Second), both, joinName) },
			"join-stream: window: a JoinWindow from -1000 ms before to 10 ms after ends before it begins, so that no records could meet: make before plus after at least 0",
		},
		{
			"a retention", func(l, r texts) { l.JoinStream(r, tenMs, both, joinName, topology.Retention(time.Hour)) },
			"join-stream: how long a join keeps records is said by its window and grace: leave topology.Retention out",
		},
		{
			"a serde of neither side", func(l, r texts) { l.JoinStream(r, tenMs, both, joinName, topology.WithValueSerde(serde.Int64())) },
			"join-stream: the value serde given is a serde.int64Serde, which is none for string nor for string: give one for the values of either stream, or leave the option out",
		},
		{
			"a name used twice", func(l, r texts) {
				l.JoinStream(r, tenMs, both, joinName)
				l.JoinStream(r, tenMs, both, joinName)
			},
			`join-stream: the name "j-left" is taken at HERE: give one of them another, names of operators and stores are unique in a topology
join-stream: the name "j-right" is taken at HERE: give one of them another, names of operators and stores are unique in a topology
join-stream: the name "j" is taken at HERE: give one of them another, names of operators and stores are unique in a topology`,
		},
		{
			"repartition topics that differ", func(l, r texts) {
				l.SelectKey(key).Repartition(topology.As("ls"), topology.Partitions(2)).
					JoinStream(r.SelectKey(key), tenMs, both, joinName, topology.Partitions(3))
			},
			`topic "ls" has 2 partitions and "j-right" has 3, but they meet by key here and need equally many: ` +
				`recreate one of them, or send one side through Repartition with topology.Partitions`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("join")
			tc.draw(stream.From(b, lefts), stream.From(b, rights))
			_, err := b.Build()
			if err == nil {
				t.Fatal("no error")
			}
			at := regexp.MustCompile(`at joinstream_errors_test\.go:\d+`)
			lines := strings.Split(at.ReplaceAllString(places.ReplaceAllString(err.Error(), ""), "at HERE"), "\n")
			if diff := cmp.Diff(strings.Split(tc.want, "\n"), lines); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A topology that is built already takes no more joins.
func TestJoinStreamAfterBuild(t *testing.T) {
	t.Parallel()
	b := topology.New("join")
	l, r := stream.From(b, lefts), stream.From(b, rights)
	topo := build(t, b)
	l.JoinStream(r, tenMs, both, joinName)
	if _, err := topo.Graph().Counts(func(string) (int32, error) { return 1, nil }); err == nil || !strings.Contains(err.Error(), "used after Build") {
		t.Error(err)
	}
}

// The topics of a join need equally many partitions: an error where they are known names both and the call.
func TestJoinStreamCoPartitioning(t *testing.T) {
	t.Parallel()
	b := topology.New("join")
	stream.From(b, lefts).JoinStream(stream.From(b, rights), tenMs, both, joinName)
	counts := map[string]int32{"lefts": 2, "rights": 3}
	_, err := build(t, b).Graph().Counts(func(topic string) (int32, error) { return counts[topic], nil })
	want := `joinstream_errors_test.go:` + `\d+: topic "lefts" has 2 partitions and "rights" has 3, but they meet by key here and need equally many: recreate one of them, `
	if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
		t.Errorf("%v", err)
	}
}

// A side that is repartitioned gets as many partitions as the other has.
func TestJoinStreamDerivesPartitions(t *testing.T) {
	t.Parallel()
	b := topology.New("join")
	stream.From(b, lefts).SelectKey(func(_, v string) string { return v }).JoinStream(stream.From(b, rights), tenMs, both, joinName)
	g := build(t, b).Graph()
	counts, err := g.Counts(func(topic string) (int32, error) { return map[string]int32{"lefts": 2, "rights": 5}[topic], nil })
	if n := counts[g.Topic("j-left", graph.Repartition)]; err != nil || n != 5 {
		t.Errorf("%d partitions, %v", n, err)
	}
}
