package workflow_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/workflow"
)

// inGo is the talk's document in Go.
func inGo(t *testing.T, o task.Options) *topology.Topology {
	t.Helper()
	b := topology.New("extract-site-level-features")
	images := stream.From(b, Images)
	experiments := table.From(b, Experiments)
	task.External(groupBySite(images, experiments), ExtractFeatures, o).To(Extracted)
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return topo
}

func compile(t *testing.T, text string, reg *workflow.Registry) *topology.Topology {
	t.Helper()
	d, err := workflow.Parse("w.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	topo, err := workflow.Compile(d, reg)
	if err != nil {
		t.Fatal(err)
	}
	return topo
}

func TestCompileIsTheGoCode(t *testing.T) {
	t.Parallel()
	withOptions := strings.Replace(string(talk(t)), `"extract-features"`, `"extract-features",
		"attempts": 2, "start-to-close": "10s", "schedule-to-start": "1m", "schedule-to-close": "1h", "backoff": "2s", "max-backoff": "3s"`, 1)
	for _, tt := range []struct {
		name, text string
		options    task.Options
	}{
		{"the talk's", string(talk(t)), task.Options{}},
		{"with options", withOptions, task.Options{
			Attempts: 2, StartToClose: 10 * time.Second, ScheduleToStart: time.Minute, ScheduleToClose: time.Hour, Backoff: 2 * time.Second, MaxBackoff: 3 * time.Second,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, want := compile(t, tt.text, registry()), inGo(t, tt.options)
			if diff := cmp.Diff([]string{want.Name(), want.Describe()}, []string{got.Name(), got.Describe()}); diff != "" {
				t.Errorf("topology (-Go +document):\n%s", diff)
			}
			wantOut, gotOut := run(t, want), run(t, got)
			if diff := cmp.Diff(wantOut, gotOut); diff != "" {
				t.Errorf("outputs (-Go +document):\n%s", diff)
			}
			if len(gotOut) < 5 {
				t.Errorf("the outputs prove nothing, they are too few: %q", gotOut)
			}
		})
	}
}

// run plays a microscope and a worker that answers every second request, and leaves the others to their time-outs.
func run(t *testing.T, topo *topology.Topology) []string {
	t.Helper()
	d := testkit.New(t, topo, testkit.Partitions(3))
	d.Input(Experiments).Pipe("e", Experiment{Channels: 2}, 0)
	images, requests, results := d.Input(Images), d.Output(ExtractFeatures.Requests[int64]()), d.Input(ExtractFeatures.Results[int64]())
	for i := range int64(8) {
		images.Pipe("", Image{Experiment: "e", Site: i % 4, Channel: i / 4, Path: "x"}, i)
	}
	for i, r := range requests.ReadAll() {
		results.Pipe(r.Key, r.Value.Started[Features](), 10)
		if i%2 == 0 {
			results.Pipe(r.Key, r.Value.Done(Features{Means: []float64{float64(r.Key)}}), 11)
		}
	}
	for range 60 {
		d.Advance(time.Second)
	}
	var lines []string
	for _, p := range d.Produced() {
		lines = append(lines, p.String())
	}
	return lines
}

// The order of a document's nodes is that of the calls, but for nodes that stand before their inputs.
func TestCompileInAnyOrder(t *testing.T) {
	t.Parallel()
	got := compile(t, `{"name": "w", "graph": {
 "out": {"type": "publish", "topic-name": "out", "stream": "op"},
 "op": {"type": "stream-operation", "function": "f", "inputs": ["b", "a"], "key-schema": "string", "value-schema": "text"},
 "a": {"type": "topic-stream", "topic-name": "a"},
 "b": {"type": "topic-stream", "topic-name": "b", "value-schema": "string"}}}`, small())
	b := topology.New("w")
	first := stream.From(b, topology.NewTopic[string, string]("b"))
	second := stream.From(b, topology.NewTopic[string, string]("a"))
	merge(first, second).To(topology.NewTopic[string, Text]("out"))
	want, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Describe(), got.Describe()); diff != "" {
		t.Errorf("topology (-Go +document):\n%s", diff)
	}
	var places []string
	for _, n := range got.Graph().Nodes {
		places = append(places, n.Name+" "+line.ReplaceAllString(n.At, "compile_test.go:N"))
	}
	if diff := cmp.Diff([]string{
		"b.source w.json:5:2",
		"a.source w.json:4:2",
		"b.source.merge compile_test.go:N",
		"b.source.merge.map-values compile_test.go:N",
		"b.source.merge.map-values.to w.json:2:2",
	}, places); diff != "" {
		t.Errorf("where operators come from (-want +got):\n%s", diff)
	}
}

// Text is a string to every stock serde.
type Text string

func merge(a, b *stream.Stream[string, string]) *stream.Stream[string, Text] {
	return a.Merge(b).MapValues(func(s string) Text { return Text(s) })
}

// small is a registry of trifles.
func small() *workflow.Registry {
	reg := workflow.NewRegistry()
	reg.Topic(topology.NewTopic[string, string]("a"))
	reg.Topic(topology.NewTopic[string, string]("b"))
	reg.Topic(topology.NewTopic[string, Text]("out"))
	reg.Schema[Text]("text")
	reg.Function("f", merge)
	reg.Function("latest", func(s *stream.Stream[string, string]) *table.Table[string, string] {
		return s.ToTable(topology.As("kept"))
	})
	reg.Function("changes", func(t *table.Table[string, string]) *stream.Stream[string, string] { return stream.Changes(t) })
	reg.Function("unnamed", func(s *stream.Stream[string, string]) *stream.Stream[string, int64] {
		return stream.Changes(s.GroupByKey().Count())
	})
	reg.Topic(topology.NewTopic[string, int64]("counts"))
	reg.Function("ill-named", func(s *stream.Stream[string, string]) *stream.Stream[string, string] {
		return stream.Changes(s.ToTable(topology.As("with space")))
	})
	reg.Function("join", func(s *stream.Stream[string, string], t *table.Table[string, string]) *stream.Stream[string, string] {
		return s.JoinTable(t, func(v, _ string) string { return v })
	})
	reg.Function("kept as a", func(s *stream.Stream[string, string]) *stream.Stream[string, string] {
		return stream.Changes(s.ToTable(topology.As("a")))
	})
	reg.Function("nothing", func(*stream.Stream[string, string]) *stream.Stream[string, Text] { return nil })
	reg.Task[string](task.Define[string, Text]("shout"))
	return reg
}

func TestTablesBetweenNodes(t *testing.T) {
	t.Parallel()
	topo := compile(t, `{"name": "w", "graph": {
 "in": {"type": "topic-stream", "topic-name": "a"},
 "kept": {"type": "stream-operation", "function": "latest", "inputs": ["in"]},
 "changed": {"type": "stream-operation", "function": "changes", "inputs": ["kept"]},
 "out": {"type": "publish", "topic-name": "b", "stream": "changed"}}}`, small())
	d := testkit.New(t, topo)
	d.Input(topology.NewTopic[string, string]("a")).Pipe("k", "v", 1)
	if diff := cmp.Diff([]string{"v"}, d.Output(topology.NewTopic[string, string]("b")).Values()); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

// line is where a function of this file made an operator.
var line = regexp.MustCompile(`compile_test.go:\d+`)

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, graph string
		want        []string
	}{
		{"names that are not registered", `
 "a": {"type": "topic-stream", "topic-name": "nowhere", "key-schema": "string"},
 "op": {"type": "stream-operation", "function": "g", "inputs": ["a"], "key-schema": "nothing"},
 "x": {"type": "external-task", "task-name": "whisper", "stream": "op"},
 "p": {"type": "publish", "topic-name": "out", "stream": "x"},
 "b": {"type": "topic-stream", "topic-name": "b", "key-schema": "nothing"},
 "q": {"type": "publish", "topic-name": "gone", "stream": "b"}`, []string{
			`2:46: node "a": topic "nowhere" is not registered, registered are a, b, counts, out: add reg.Topic(topology.NewTopic[K, V]("nowhere"))`,
			`3:49: node "op": function "g" is not registered, registered are changes, f, ill-named, join, kept as a, latest, nothing, unnamed: add reg.Function("g", f)`,
			`4:46: node "x": task "whisper" is not registered, registered are shout: add reg.Task[K](task.Define[In, Out]("whisper"))`,
			`6:65: node "b": schema "nothing" is not registered, registered are boolean, bytes, double, float, integer, long, short, string, text: ` +
				`add reg.Schema[string]("nothing")`,
			`7:41: node "q": topic "gone" is not registered, registered are a, b, counts, out: add reg.Topic(topology.NewTopic[K, V]("gone"))`,
		}},
		{"types", `
 "a": {"type": "topic-stream", "topic-name": "a", "key-schema": "long", "value-schema": "text"},
 "b": {"type": "topic-table", "topic-name": "b", "key-schema": "string"},
 "op": {"type": "stream-operation", "function": "f", "inputs": ["a", "b"], "value-schema": "string"},
 "kept": {"type": "stream-operation", "function": "latest", "inputs": ["a"]},
 "x": {"type": "external-task", "task-name": "shout", "stream": "op"},
 "p": {"type": "publish", "topic-name": "out", "stream": "kept"},
 "q": {"type": "publish", "topic-name": "a", "stream": "x"}`, []string{
			`2:65: node "a": the key is a string, and schema "long" is a int64`,
			`2:89: node "a": the value is a string, and schema "text" is a workflow_test.Text`,
			`4:70: node "op": "b" gives a *table.Table[string,string], and function "f" takes a *stream.Stream[string,string]`,
			`6:65: node "x": "op" gives a *stream.Stream[string,workflow_test.Text], and task "shout" takes a *stream.Stream[string,string]`,
			`7:58: node "p": "kept" gives a *table.Table[string,string], and topic "out" takes a *stream.Stream[string,workflow_test.Text]`,
			`8:56: node "q": "x" gives a *stream.Stream[string,workflow_test.Text], and topic "a" takes a *stream.Stream[string,string]`,
		}},
		{"arity", `
 "a": {"type": "topic-stream", "topic-name": "a"},
 "op": {"type": "stream-operation", "function": "f", "inputs": ["a"]},
 "p": {"type": "publish", "topic-name": "out", "stream": "op"}`, []string{
			`3:64: node "op": function "f" takes 2 inputs, and the node has 1`,
		}},
		{"what only building finds", `
 "a": {"type": "topic-stream", "topic-name": "a"},
 "count": {"type": "stream-operation", "function": "nothing", "inputs": ["a"]},
 "x": {"type": "external-task", "task-name": "shout", "stream": "a", "backoff": "2m", "max-backoff": "1m"},
 "p": {"type": "publish", "topic-name": "out", "stream": "x"},
 "q": {"type": "publish", "topic-name": "out", "stream": "count"}`, []string{
			`3:2: node "count": function "nothing" returned nil: return a *stream.Stream[string,workflow_test.Text]`,
			`4:2: node "x": external: task: shout: MaxBackoff is 1m0s, shorter than Backoff, which is 2m0s`,
		}},
		{"a store that two nodes name", `
 "t": {"type": "topic-table", "topic-name": "a"},
 "s": {"type": "topic-stream", "topic-name": "b"},
 "joined": {"type": "stream-operation", "function": "join", "inputs": ["s", "t"]},
 "kept": {"type": "stream-operation", "function": "kept as a", "inputs": ["joined"]},
 "p": {"type": "publish", "topic-name": "b", "stream": "kept"}`, []string{
			`5:2: node "kept": compile_test.go:N: to-table: the name "a" is taken at compile_test.go:N: ` +
				`give one of them another, names of operators and stores are unique in a topology`,
		}},
		{"what functions do wrong", `
 "a": {"type": "topic-stream", "topic-name": "a"},
 "op": {"type": "stream-operation", "function": "unnamed", "inputs": ["a"]},
 "kept": {"type": "stream-operation", "function": "ill-named", "inputs": ["a"]},
 "p": {"type": "publish", "topic-name": "counts", "stream": "op"},
 "q": {"type": "publish", "topic-name": "b", "stream": "kept"}`, []string{
			`1:10: compile_test.go:N: topology: the store's name "with space" cannot name its changelog: use letters, digits, '.', '_' and '-'`,
			`3:2: node "op": compile_test.go:N: count: creates a store and needs a name that stays when the topology changes: add topology.As("...")`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := workflow.Parse("w.json", []byte(`{"name": "w", "graph": {`+tt.graph+`}}`))
			if err != nil {
				t.Fatal(err)
			}
			topo, err := workflow.Compile(d, small())
			if topo != nil || err == nil {
				t.Fatalf("topology %v, error %v", topo, err)
			}
			var got []string
			for line := range strings.Lines(line.ReplaceAllString(err.Error(), "compile_test.go:N")) {
				got = append(got, strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "w.json:"))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRegistryErrors(t *testing.T) {
	t.Parallel()
	reg := small()
	reg.Topic(topology.NewTopic[string, int64]("a"))
	reg.Task[string](task.Define[string, Text]("shout"))
	reg.Schema[int32]("text")
	reg.Schema[int32]("long")
	reg.Schema[int32]("long")
	reg.Function("f", merge)
	reg.Function("nil", nil)
	reg.Function("plain", strings.ToUpper)
	reg.Function("variadic", func(...*stream.Stream[string, string]) *stream.Stream[string, string] { return nil })
	reg.Function("two", func(s *stream.Stream[string, string]) (*stream.Stream[string, string], error) { return s, nil })
	reg.Function("grouped", func(s *stream.Stream[string, string]) *stream.Grouped[string, string] { return s.GroupByKey() })
	d, err := workflow.Parse("talk.json", talk(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = workflow.Compile(d, reg)
	if err == nil {
		t.Fatal("no error")
	}
	const hint = "give a func of one or more *stream.Stream and *table.Table that returns one of them"
	want := []string{
		`topic "a" is registered twice`,
		`task "shout" is registered twice`,
		`schema "text" is registered twice`,
		`schema "long" is registered twice`,
		`function "f" is registered twice`,
		`function "nil" is a <nil>: ` + hint,
		`function "plain" is a func(string) string: ` + hint,
		`function "variadic" is a func(...*stream.Stream[string,string]) *stream.Stream[string,string]: ` + hint,
		`function "two" is a func(*stream.Stream[string,string]) (*stream.Stream[string,string], error): ` + hint,
		`function "grouped" is a func(*stream.Stream[string,string]) *stream.Grouped[string,string]: ` + hint,
	}
	var got []string
	for line := range strings.Lines(line.ReplaceAllString(err.Error(), "compile_test.go:N")) {
		got = append(got, strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "compile_test.go:N: workflow: "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

// A program may make a document too, and make it wrong.
func TestCompileOfMadeDocument(t *testing.T) {
	t.Parallel()
	topo, err := workflow.Compile(&workflow.Document{Name: "w", Nodes: []*workflow.Node{
		{Name: "a", Type: workflow.TopicStream, Topic: "a"},
		{Name: "p", Type: workflow.Publish, Topic: "b", Inputs: []string{"a"}},
	}}, small())
	if err != nil {
		t.Fatal(err)
	}
	if n := topo.Graph().Nodes[0]; n.At != "workflow" {
		t.Errorf("the source is at %q", n.At)
	}
	_, err = workflow.Compile(&workflow.Document{Name: "w", Nodes: []*workflow.Node{
		{Name: "a", Type: workflow.TopicStream, Topic: "a", Inputs: []string{"x"}},
		{Name: "x", Type: "filter", Inputs: []string{"a"}},
		{Name: "x", Type: workflow.ExternalTask, Task: "shout"},
		{Name: "p", Type: workflow.Publish, Topic: "b", Inputs: []string{"a", "x"}},
	}}, small())
	want := `workflow: node "x": two nodes have this name: names are unique in a graph
workflow: node "a": topic-stream has 1 inputs: a source has none, an operation some, any other node one
workflow: node "x": unknown type "filter"
workflow: node "x": external-task has 0 inputs: a source has none, an operation some, any other node one
workflow: node "p": publish has 2 inputs: a source has none, an operation some, any other node one`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}
