package workflow_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/workflow"
)

// talk is the document of the talk: "extract-site-level-features".
func talk(tb testing.TB) []byte {
	tb.Helper()
	src, err := os.ReadFile("testdata/talk.json")
	if err != nil {
		tb.Fatal(err)
	}
	return src
}

func TestParse(t *testing.T) {
	t.Parallel()
	d, err := workflow.Parse("talk.json", talk(t))
	if err != nil {
		t.Fatal(err)
	}
	want := `extract-site-level-features
  images-channel       topic-stream      images_channels
  experiment-metadata  topic-table       experiment_metadata
  images-site          stream-operation  aggregations/images-site-grouping  <-- images-channel, experiment-metadata
  features-site        external-task     extract-features                   <-- images-site
  features-output      publish           extracted_features                 <-- features-site
`
	if diff := cmp.Diff(want, d.Describe()); diff != "" {
		t.Errorf("Describe (-want +got):\n%s", diff)
	}
	n := d.Nodes[2]
	if diff := cmp.Diff([]any{"long", "job_site_level", workflow.Position{Line: 5, Column: 3}}, []any{n.KeySchema, n.ValueSchema, n.At}); diff != "" {
		t.Errorf("images-site (-want +got):\n%s", diff)
	}
}

func TestMermaid(t *testing.T) {
	t.Parallel()
	d, err := workflow.Parse("talk.json", talk(t))
	if err != nil {
		t.Fatal(err)
	}
	//nolint:dupword // nodes are named where they are drawn and where arrows begin and end
	want := `flowchart TD
    node_images_channel(["images-channel<br/>images_channels"])
    node_experiment_metadata[("experiment-metadata<br/>experiment_metadata")]
    node_images_site["images-site<br/>aggregations/images-site-grouping"]
    node_features_site{{"features-site<br/>extract-features"}}
    node_features_output(["features-output<br/>extracted_features"])
    node_images_channel --> node_images_site
    node_experiment_metadata --> node_images_site
    node_images_site --> node_features_site
    node_features_site --> node_features_output
`
	if diff := cmp.Diff(want, d.Mermaid()); diff != "" {
		t.Errorf("Mermaid (-want +got):\n%s", diff)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, src string
		want      []string // after the file's name
	}{
		{"no object", `["name"]`, []string{`1:1: the document is a list, not an object`}},
		{"nothing in it", `{}`, []string{`1:1: the document has no name: add "name"`, `1:1: the document has no graph: add "graph", an object of nodes`}},
		{"of the wrong types", `{"name": 7, "graph": null, "note": "x"}`, []string{
			`1:10: name is a number, not a string`,
			`1:22: the graph is a null or boolean, not an object`,
			`1:28: unknown field "note": a document has name and graph`,
		}},
		{"empty", `{"name": "", "graph": {}}`, []string{
			`1:10: name is "": give up to 230 letters, digits, '.', '_' and '-'`,
			`1:23: the graph has no nodes: begin with a topic-stream`,
		}},
		{"nodes and their types", `{"name": "w", "graph": {
 "a": [],
 "b": {},
 "c": {"type": "topic"},
 "d": {"type": false},
 "e f": {"type": "topic-stream", "topic-name": "t"}}}`, []string{
			`2:7: node "a": a node is a list, not an object`,
			`3:2: node "b": the node has no type: add "type"`,
			`4:16: node "c": unknown type "topic": the types are topic-stream, topic-table, stream-operation, external-task and publish`,
			`5:16: node "d": type is a null or boolean, not a string`,
			`6:2: node "e f": a node's name has up to 200 letters, digits, '.', '_', '-' and '/'`,
		}},
		{"missing and unknown fields", `{"name": "w", "graph": {
 "a": {"type": "topic-stream"},
 "b": {"type": "stream-operation"},
 "c": {"type": "external-task", "topic-name": "t"},
 "d": {"type": "publish", "stream": "a", "key-schema": "long"},
 "e": {"type": "topic-table", "topic-name": "two words"}}}`, []string{
			`2:2: node "a": topic-stream needs topic-name`,
			`3:2: node "b": stream-operation needs inputs`,
			`3:2: node "b": stream-operation needs function`,
			`4:2: node "c": external-task needs stream`,
			`4:2: node "c": external-task needs task-name`,
			`4:33: node "c": unknown field "topic-name": external-task has stream, task-name, key-schema, value-schema, ` +
				`attempts, start-to-close, schedule-to-start, schedule-to-close, backoff, max-backoff`,
			`5:2: node "d": publish needs topic-name`,
			`5:42: node "d": unknown field "key-schema": publish has stream, topic-name`,
			`6:45: node "e": topic-name is "two words": give up to 230 letters, digits, '.', '_' and '-'`,
		}},
		{"inputs", `{"name": "w", "graph": {
 "a": {"type": "topic-stream", "topic-name": "t"},
 "op": {"type": "stream-operation", "function": "f", "inputs": []},
 "op2": {"type": "stream-operation", "function": "f", "inputs": "a"},
 "op3": {"type": "stream-operation", "function": "f", "inputs": ["a", 1, "ä", "z"]},
 "p": {"type": "publish", "topic-name": "u", "stream": ["a"]},
 "p2": {"type": "publish", "topic-name": "u", "stream": "nowhere"},
 "p3": {"type": "publish", "topic-name": "u", "stream": "p2"}}}`, []string{
			`3:64: node "op": inputs is empty: name the nodes that feed the function`,
			`4:65: node "op2": inputs is a string, not a list`,
			`5:71: node "op3": an input is a number, not a string`,
			`5:74: node "op3": there is no node "ä" in the graph`,
			`5:79: node "op3": there is no node "z" in the graph`, // columns are characters
			`6:56: node "p": stream is a list, not a string`,
			`7:57: node "p2": there is no node "nowhere" in the graph`,
			`8:57: node "p3": "p2" is a publish, which gives nothing: use the node that feeds it`,
		}},
		{"options", `{"name": "w", "graph": {
 "a": {"type": "topic-stream", "topic-name": "t"},
 "b": {"type": "external-task", "stream": "a", "task-name": "x", "attempts": 0, "start-to-close": "10",
       "backoff": "-1s", "max-backoff": "1us", "schedule-to-close": 5, "schedule-to-start": "1m"},
 "c": {"type": "publish", "topic-name": "u", "stream": "b"}}}`, []string{
			`3:78: node "b": attempts is "0": give a whole number from 1`,
			`3:99: node "b": start-to-close is "10": give a duration of whole milliseconds such as "90s", "10m" or "24h"`,
			`4:19: node "b": backoff is "-1s": give a duration of whole milliseconds such as "90s", "10m" or "24h"`,
			`4:41: node "b": max-backoff is "1us": give a duration of whole milliseconds such as "90s", "10m" or "24h"`,
			`4:69: node "b": schedule-to-close is a number, not a string`,
		}},
		{"names twice", `{"name": "w", "name": "v", "graph": {
 "a": {"type": "topic-stream", "topic-name": "t", "topic-name": "u"},
 "a": {"type": "topic-table", "topic-name": "t"},
 "p": {"type": "publish", "topic-name": "u", "stream": "a"}}}`, []string{
			`1:15: "name" is there already, at 1:2: a name is used once in an object`,
			`2:51: "topic-name" is there already, at 2:32: a name is used once in an object`,
			`3:2: "a" is there already, at 2:2: a name is used once in an object`,
		}},
		{"topics and tasks twice", `{"name": "w", "graph": {
 "a": {"type": "topic-stream", "topic-name": "t"},
 "b": {"type": "topic-table", "topic-name": "t"},
 "c": {"type": "topic-stream", "topic-name": "t"},
 "op": {"type": "stream-operation", "function": "f", "inputs": ["a", "b", "c"]},
 "x": {"type": "external-task", "task-name": "t", "stream": "op"},
 "y": {"type": "external-task", "task-name": "t", "stream": "x"},
 "p": {"type": "publish", "topic-name": "t", "stream": "y"},
 "q": {"type": "publish", "topic-name": "t", "stream": "y"}}}`, []string{
			`3:45: node "b": topic "t" is a topic-stream in node "a" already, and cannot be a topic-table too`,
			`4:46: node "c": topic "t" is used by node "a" already: use that node twice`,
			`7:46: node "y": task "t" is used by node "x" already: use that node twice`,
		}},
		{"tables where streams go", `{"name": "w", "graph": {
 "a": {"type": "topic-table", "topic-name": "t"},
 "x": {"type": "external-task", "task-name": "t", "stream": "a"},
 "p": {"type": "publish", "topic-name": "t", "stream": "a"},
 "q": {"type": "publish", "topic-name": "t", "stream": "x"}}}`, []string{
			`3:61: node "x": "a" is a table, and external-task takes a stream: put a stream-operation between them whose function gives stream.Changes`,
			`4:56: node "p": "a" is a table, and publish takes a stream: put a stream-operation between them whose function gives stream.Changes`,
		}},
		{"nobody uses them", `{"name": "w", "graph": {
 "a": {"type": "topic-stream", "topic-name": "t"},
 "b": {"type": "topic-table", "topic-name": "u"},
 "op": {"type": "stream-operation", "function": "f", "inputs": ["a"]}}}`, []string{
			`3:2: node "b": nobody uses this node: use it as an input, publish it, or leave it out`,
			`4:2: node "op": nobody uses this node: use it as an input, publish it, or leave it out`,
		}},
		{"cycles", `{"name": "w", "graph": {
 "p": {"type": "publish", "topic-name": "t", "stream": "a"},
 "a": {"type": "stream-operation", "function": "f", "inputs": ["c"]},
 "b": {"type": "stream-operation", "function": "f", "inputs": ["a", "b"]},
 "c": {"type": "external-task", "task-name": "t", "stream": "b"}}}`, []string{
			`3:2: node "a": the graph has a cycle: "a" -> "b" -> "c" -> "a"`,
			`4:2: node "b": the graph has a cycle: "b" -> "b"`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := workflow.Parse("w.json", []byte(tt.src))
			if d != nil || err == nil {
				t.Fatalf("a document %v, error %v", d, err)
			}
			var got []string
			for line := range strings.Lines(err.Error()) {
				got = append(got, strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "w.json:"))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}
